/** How a generating request is to be taken and answered, as its headers say (design 2.3). */
export { type RequestHeaders, readRequestHeaders as readHeaders } from 'flow2api/contracts'
