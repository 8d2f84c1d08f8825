#pragma once
// What a page adds to a text: headers, footers, numbers.

#include <string>
#include <string_view>

namespace athanor::data {

/// Pages are parted by form feeds, as pdftotext writes them; without one the text stays as it is. Of the two first and two last
/// lines of each page those go that hold only a number, or that stand (digits alike) at the edge of three or more pages. A
/// paragraph that runs over a page's end becomes whole again.
std::string without_page_lines(std::string_view text);

}  // namespace athanor::data
