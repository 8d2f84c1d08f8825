// Elements from plain values. Text is set as text, never as markup: names, recipes and samples are anybody's words.

/** el('td', {class: 'number', onclick: f}, 'text', otherElement) */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'mark') element.style.setProperty('--mark', value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat().filter(child => child !== null && child !== undefined));
  return element;
}

export const byId = id => document.getElementById(id);

/** Changes the page only where it differs. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
