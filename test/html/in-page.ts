/** What the tests look at inside the browser: functions of its JavaScript, evaluated there in front of a call. */
export const IN_PAGE = String.raw`
/** Text of each element that reaches beyond the window, and of the page itself. */
function tooWide() {
  const room = document.documentElement.clientWidth;
  const wide = [...document.querySelectorAll('body *')].filter(
    (one) => one.getClientRects().length > 0 && one.getBoundingClientRect().right > room + 0.5,
  );
  const scrolls = document.documentElement.scrollWidth > room ? ['the page scrolls sideways'] : [];
  return [...scrolls, ...wide.map((one) => one.outerHTML.slice(0, 200))];
}

/** For each drawing of the way that is shown, the boxes of its texts. */
function wayBoxes() {
  return [...document.querySelectorAll('svg.way')]
    .filter((one) => one.getClientRects().length > 0)
    .map((one) =>
      [...one.querySelectorAll('text')]
        .filter((text) => text.textContent !== '')
        .map((text) => text.getBoundingClientRect())
        .map(({ left, right, top, bottom }) => ({ left, right, top, bottom })),
    );
}

/** What can be read, piece by piece. */
function shownTexts() {
  return [...document.querySelectorAll('p, dd, dt, pre, h1, h2, svg.way text')]
    .filter((one) => one.getClientRects().length > 0)
    .map((one) => one.textContent.trim());
}

function badges() {
  return [...document.querySelectorAll('.badge')].map((one) => ({
    word: one.textContent.trim(),
    shape: [...one.querySelectorAll('svg > *')].map((part) => part.getAttribute('d') ?? part.tagName).join(),
  }));
}

/** Texts whose colour is closer to the ground under them than WCAG AA allows (4.5 to 1). */
function faintTexts() {
  const numbers = (colour) => (colour.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = (colour) => {
    const [r, g, b] = numbers(colour)
      .slice(0, 3)
      .map((value) => value / 255)
      .map((value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const groundOf = (element) => {
    if (element === null) return 'rgb(255, 255, 255)';
    const { backgroundColor } = getComputedStyle(element);
    return numbers(backgroundColor)[3] === 0 ? groundOf(element.parentElement) : backgroundColor;
  };
  const faint = [];
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== '');
    if (!own || element.getClientRects().length === 0) continue;
    const style = getComputedStyle(element);
    const text = luminance(element.namespaceURI.endsWith('svg') ? style.fill : style.color);
    const ground = luminance(groundOf(element));
    const contrast = (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
    if (contrast < 4.5) faint.push(element.tagName + ': ' + element.textContent);
  }
  return faint;
}
`;
