/** Which model serves a request with inputs. */
export { chooseModel, shapeOf } from 'flow2api/contracts'
