/** Widgets and templates of the settings' forms: the library's own, but for these. */
import { Anchor, Badge, Group, PasswordInput, Stack, Switch, Text, Tooltip } from '@mantine/core'
import { Theme } from '@rjsf/mantine'
import type {
  ArrayFieldTitleProps,
  DescriptionFieldProps,
  FieldTemplateProps,
  RegistryWidgetsType,
  TemplatesType,
  TitleFieldProps,
  WidgetProps,
} from '@rjsf/utils'
import { IconLock } from '@tabler/icons-react'
import type { Setting } from 'flow2api/plugin'
import type { ComponentType } from 'react'
import { fill, texts } from '../../texts.ts'

const { settings: words, signIn } = texts

/** What the fields of a form know of their values. */
export interface FormContext {
  readonly settings: ReadonlyMap<string, Setting>
  /** Takes what the console has set away again. */
  reset(key: string): void
}

const SwitchWidget = ({ id, value, label, disabled, readonly, onChange, schema, rawErrors }: WidgetProps) => (
  <Switch
    id={id}
    label={label}
    description={schema.description}
    checked={value === true}
    disabled={disabled === true || readonly === true}
    error={rawErrors?.join(' ')}
    onChange={event => onChange(event.currentTarget.checked)}
  />
)

const SecretWidget = ({ id, value, label, disabled, readonly, onChange, schema, rawErrors }: WidgetProps) => (
  <PasswordInput
    id={id}
    label={label}
    description={schema.description}
    autoComplete="new-password"
    spellCheck={false}
    value={typeof value === 'string' ? value : ''}
    disabled={disabled === true || readonly === true}
    error={rawErrors?.join(' ')}
    visibilityToggleButtonProps={{ 'aria-label': signIn.showPassword }}
    onChange={event => onChange(event.currentTarget.value)}
  />
)

export const widgets: RegistryWidgetsType = { CheckboxWidget: SwitchWidget, PasswordWidget: SecretWidget }

const Description = ({ id, description }: DescriptionFieldProps) =>
  description === ' ' ? null : (
    <Text id={id} size="xs" c="dimmed" mb={4}>
      {description}
    </Text>
  )

/** The library's type says that every template may also be a table of buttons. */
const Plain = Theme.templates?.FieldTemplate as ComponentType<FieldTemplateProps> | undefined

/** The field, and below it where its value comes from. */
function Field(props: FieldTemplateProps) {
  // The library hands what the form was given through as it is.
  const context: FormContext = props.registry.formContext
  const setting = context.settings.get(props.id.replace(/^root_/, ''))
  return (
    <Stack gap={4} mb="xs">
      {Plain && <Plain {...props} />}
      {setting && <Origin setting={setting} reset={() => context.reset(props.id.replace(/^root_/, ''))} />}
    </Stack>
  )
}

function Origin({ setting: { origin, fixed_by }, reset }: { readonly setting: Setting; reset(): void }) {
  if (fixed_by !== null)
    return (
      <Group gap={6}>
        <IconLock size={14} aria-hidden />
        <Text size="xs" c="dimmed">
          {fill(words.fixed, { variable: fixed_by })}
        </Text>
      </Group>
    )
  return (
    <Group gap={8}>
      <Tooltip label={words.origins[origin]}>
        <Badge variant="default" size="xs" tt="none" fw={500}>
          {words.originNames[origin]}
        </Badge>
      </Tooltip>
      {origin === 'overrides' && (
        <Anchor component="button" type="button" size="xs" onClick={reset}>
          {words.reset}
        </Anchor>
      )}
    </Group>
  )
}

const Heading = ({ id, title }: TitleFieldProps) =>
  title === ' ' ? null : (
    <Text id={id} size="sm" fw={500}>
      {title}
    </Text>
  )

const ListHeading = ({ title }: ArrayFieldTitleProps) =>
  title === undefined || title === ' ' ? null : (
    <Text span size="sm" fw={500}>
      {title}
    </Text>
  )

export const templates: Partial<TemplatesType> = {
  FieldTemplate: Field,
  DescriptionFieldTemplate: Description,
  TitleFieldTemplate: Heading,
  ArrayFieldTitleTemplate: ListHeading,
}
