// Before anything is drawn: as chosen, else as the system is.
(() => {
  const system = matchMedia('(prefers-color-scheme: dark)');
  let chosen = null;
  try { chosen = localStorage.getItem('athanor-theme'); } catch { /* storage is closed to us: the system decides */ }
  const apply = () => {
    document.documentElement.classList.toggle('dark', chosen ? chosen === 'dark' : system.matches);
    dispatchEvent(new Event('athanor-theme'));
  };
  window.athanorTheme = {
    name: () => chosen ?? 'system',
    next() {
      const order = ['system', 'light', 'dark'];
      const name = order[(order.indexOf(this.name()) + 1) % 3];
      chosen = name === 'system' ? null : name;
      try { chosen ? localStorage.setItem('athanor-theme', chosen) : localStorage.removeItem('athanor-theme'); } catch { /* only for this visit */ }
      apply();
    },
  };
  system.addEventListener('change', apply);
  apply();
})();
