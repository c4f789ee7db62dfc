/** Names that drivers and headless browsers leave behind among the page's globals. */
const NAMES = /cdc_|webdriver|playwright|__pw_|puppeteer/i;

/** `navigator.webdriver`, and the marks of automation. */
export const automation = () => ({
  webdriver: navigator.webdriver,
  globals: Object.keys(window)
    .filter((name) => NAMES.test(name))
    .slice(0, 16),
});
