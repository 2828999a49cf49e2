/** Makes an element with its attributes and what is in it. Texts stay texts: nothing is parsed as HTML. */
export function el<K extends keyof HTMLElementTagNameMap>(tag: K, attributes: Record<string, string> = {}, ...content: (Node | string)[]): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...content);
  return element;
}

/** A button that calls back. */
export function button(text: string, title: string, act: () => void, className = ''): HTMLButtonElement {
  const element = el('button', { title, class: className, type: 'button' }, text);
  element.addEventListener('click', act);
  return element;
}
