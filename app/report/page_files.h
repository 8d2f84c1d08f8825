#pragma once

namespace athanor::app {

/// page.css and page.js, embedded by the build.
extern const char kPageCss[];
extern const char kPageJs[];

}  // namespace athanor::app
