/** Migrations are imported as text, so that a bundled plugin carries its own. */
declare module '*.sql' {
  const text: string
  export default text
}
