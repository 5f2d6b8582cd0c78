/** What every provider has to keep to, run against this one. */
import { test } from 'bun:test'
import { providerConformance } from 'flow2api/testing'
import plugin from './index.ts'

// Answers as your upstream would; this provider asks nobody.
const upstream = () => Response.json({})

for (const { name, run } of providerConformance({ plugin, id: 'sample', upstream })) test(name, run)
