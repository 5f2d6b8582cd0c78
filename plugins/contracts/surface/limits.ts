/** How much one request may hold: limits of the OpenAI API (api-surfaces A.3, A.5), so that it serves on every surface. */
export const LONGEST_PROMPT = 32_000
export const MOST_PIECES = 10
/** Of `user`, which is stored with the job. */
export const LONGEST_USER = 512
