/** The form of one section, made from its schema: also of a plugin that nobody here has heard of. */
import '@mantine/dates/styles.css'
import Form from '@rjsf/mantine'
import type { Setting } from 'flow2api/plugin'
import { useMemo } from 'react'
import { type Values, valuesOf } from './draft.ts'
import { formSchema, uiSchemaOf } from './schema.ts'
import { validator } from './validator.ts'
import { type FormContext, templates, widgets } from './widgets.tsx'

interface SectionFormProps {
  readonly section: string
  readonly schema: unknown
  readonly settings: ReadonlyMap<string, Setting>
  readonly values: Values
  change(values: Values): void
  reset(key: string): void
}

export default function SectionForm({ section, schema, settings, values, change, reset }: SectionFormProps) {
  const shape = useMemo(() => {
    const { description: _, title: __, ...form } = formSchema(schema)
    return form
  }, [schema])
  const ui = useMemo(() => uiSchemaOf(shape, settings), [shape, settings])
  const context: FormContext = { settings, reset }
  return (
    <Form
      key={section}
      tagName="div"
      schema={shape}
      uiSchema={ui}
      formData={values}
      formContext={context}
      validator={validator}
      widgets={widgets}
      templates={templates}
      noHtml5Validate
      showErrorList={false}
      // Values come complete from the gateway; the form must not add any of its own.
      experimental_defaultFormStateBehavior={{ emptyObjectFields: 'skipDefaults' }}
      onChange={({ formData }) => change(valuesOf(formData))}
    />
  )
}
