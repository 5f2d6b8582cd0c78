/** Pictures for a model that takes some: dropped, pasted from a file dialog, in the role that each has. */
import { ActionIcon, Group, Image, Stack, Text } from '@mantine/core'
import { Dropzone, IMAGE_MIME_TYPE } from '@mantine/dropzone'
import '@mantine/dropzone/styles.css'
import { IconPhotoPlus, IconX } from '@tabler/icons-react'
import { useEffect, useState } from 'react'
import type { PlayModel } from '../../api/jobs.ts'
import { fill, texts } from '../../texts.ts'
import type { Draft, Role, Supplied } from './draft.ts'

const { playground: words } = texts
const MOST_BYTES = 50 * 1024 ** 2

interface InputsProps {
  readonly draft: Draft
  readonly model: PlayModel | undefined
  set(inputs: readonly Supplied[]): void
}

export function Inputs({ draft: { inputs }, model, set }: InputsProps) {
  return model?.inputs
    .filter(({ role, max }) => role !== 'source_video' && max > 0)
    .map(({ role, min, max }) => {
      const own = inputs.filter(input => input.role === role)
      const add = (files: readonly File[]) =>
        set([...inputs, ...files.slice(0, max - own.length).map(file => ({ key: crypto.randomUUID(), role, file }))])
      return (
        <Stack key={role} gap={6}>
          <Text size="sm" fw={500}>
            {words.roles[role]}{' '}
            <Text span size="xs" c="dimmed">
              {fill(min > 0 ? words.needed : words.optional, { n: max })}
            </Text>
          </Text>
          {own.length > 0 && (
            <Group gap="xs">
              {own.map(input => (
                <Preview
                  key={input.key}
                  input={input}
                  remove={() => set(inputs.filter(({ key }) => key !== input.key))}
                />
              ))}
            </Group>
          )}
          {own.length < max && <Zone role={role} multiple={max - own.length > 1} add={add} />}
        </Stack>
      )
    })
}

function Zone({
  role,
  multiple,
  add,
}: {
  readonly role: Role
  readonly multiple: boolean
  add(files: readonly File[]): void
}) {
  const [refused, setRefused] = useState(false)
  return (
    <>
      <Dropzone
        onDrop={files => {
          setRefused(false)
          add(files)
        }}
        onReject={() => setRefused(true)}
        accept={IMAGE_MIME_TYPE}
        maxSize={MOST_BYTES}
        multiple={multiple}
        p="sm"
        inputProps={{ 'aria-label': words.roles[role] }}
      >
        <Group justify="center" gap="xs" style={{ pointerEvents: 'none' }}>
          <IconPhotoPlus size={18} aria-hidden />
          <Text size="sm" c="dimmed">
            {words.drop}
          </Text>
        </Group>
      </Dropzone>
      {refused && (
        <Text size="xs" c="red" role="alert">
          {words.badFile}
        </Text>
      )}
    </>
  )
}

function Preview({ input: { file }, remove }: { readonly input: Supplied; remove(): void }) {
  const [url, setUrl] = useState<string>()
  useEffect(() => {
    const made = URL.createObjectURL(file)
    setUrl(made)
    return () => URL.revokeObjectURL(made)
  }, [file])
  return (
    <div style={{ position: 'relative' }}>
      <Image src={url} alt={file.name} w={72} h={72} radius="sm" fit="cover" />
      <ActionIcon
        size="sm"
        color="dark"
        variant="filled"
        radius="xl"
        style={{ position: 'absolute', top: -6, right: -6 }}
        aria-label={fill(words.removeFile, { name: file.name })}
        onClick={remove}
      >
        <IconX size={12} />
      </ActionIcon>
    </div>
  )
}
