/** npm `openai` 6, unchanged. */
import type OpenAI from 'openai'
import OpenAI6 from 'openai-6'
import { openaiSuite } from './openai.suite.ts'

// Two versions of one class are two types; the suite holds both to what it uses.
openaiSuite('openai 6', OpenAI6 as unknown as typeof OpenAI)
