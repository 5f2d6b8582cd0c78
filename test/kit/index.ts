/** For tests of plugins, published as `flow2api/testing`: a kernel, a clock, and what every provider has to keep to. */
export * from '../../kernel/testing.ts'
export {
  type Check,
  ConformanceError,
  type ConformanceOptions,
  providerConformance,
  type Sample,
} from './conformance.ts'
