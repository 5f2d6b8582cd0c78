/** The number of this page by which its own style sheets are told from foreign ones. */
export const nonce = (): string => document.querySelector('meta[name="csp-nonce"]')?.getAttribute('content') ?? ''
