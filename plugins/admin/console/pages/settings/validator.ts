/**
 * What the form library asks of schemas while it draws them. It is interpreted: a compiled validator would need `eval`,
 * which the page's policy refuses. What may be saved the gateway says itself, with the words of its own configuration.
 */
import { Validator } from '@cfworker/json-schema'
import type { RJSFSchema, ValidatorType } from '@rjsf/utils'

export const validator: ValidatorType = {
  isValid: (schema: RJSFSchema, data: unknown) => {
    try {
      // Both libraries mean JSON Schema, and each has its own type for it.
      return new Validator(JSON.parse(JSON.stringify(schema)), '7').validate(data).valid
    } catch {
      return false
    }
  },
  validateFormData: () => ({ errors: [], errorSchema: {} }),
  rawValidation: () => ({ errors: [] }),
}
