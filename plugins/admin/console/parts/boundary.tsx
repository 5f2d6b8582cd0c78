/** A page that breaks says so, and leaves the others alone. */
import { Component, type ReactNode } from 'react'
import { texts } from '../texts.ts'
import { Problem } from './problem.tsx'

interface BoundaryState {
  readonly error: Error | undefined
}

export class Boundary extends Component<{ readonly children: ReactNode }, BoundaryState> {
  override state: BoundaryState = { error: undefined }

  static getDerivedStateFromError(error: Error): BoundaryState {
    return { error }
  }

  override render() {
    const { error } = this.state
    // A page of a version that the gateway no longer has cannot be fetched; the new one can.
    return error ? (
      <Problem error={error} title={texts.errors.page} retry={() => location.reload()} />
    ) : (
      this.props.children
    )
  }
}
