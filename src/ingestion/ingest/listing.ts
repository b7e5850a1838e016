/**
 * The listing of the bucket: one at a time. An interrupted one continues where it broke off, after 0.25, 0.5, 1 … s; after
 * five interruptions at one place it is given up until the next scheduled listing.
 */
export interface Listing {
  readonly running: boolean;
  /** Key after which it was interrupted last, and how often it was at this place. */
  readonly after: string;
  readonly attempts: number;
  /** Another listing was requested while this one runs. This one may have passed the new object already. */
  readonly requestedAgain: boolean;
  /** Why the last listing did not come to its end. */
  readonly failed: string | null;
}

export const newListing: Listing = { running: true, after: '', attempts: 0, requestedAgain: false, failed: null };

const MAX_ATTEMPTS = 5;
const FIRST_PAUSE_MS = 250;

export type ListingStep =
  | { readonly next: 'wait' | 'start' | 'end' }
  | { readonly next: 'continue'; readonly after: string; readonly pauseMs: number };

type Decided = readonly [Listing, ListingStep];

/** A listing starts at once, or after the one that runs. */
export function requestListing(listing: Listing): Decided {
  if (listing.running) return [{ ...listing, requestedAgain: true }, { next: 'wait' }];
  return [newListing, { next: 'start' }];
}

/** @param failed why it did not come to its end; null when it did */
export function endListing(listing: Listing, failed: string | null): Decided {
  if (listing.requestedAgain) return [newListing, { next: 'start' }];
  return [{ ...listing, running: false, failed }, { next: 'end' }];
}

/** @param after the last key that was listed */
export function interruptListing(listing: Listing, after: string, reason: string): Decided {
  const attempts = after === listing.after ? listing.attempts + 1 : 1;
  const interrupted = { ...listing, after, attempts };
  if (attempts >= MAX_ATTEMPTS) return endListing(interrupted, reason);
  return [interrupted, { next: 'continue', after, pauseMs: FIRST_PAUSE_MS * 2 ** (attempts - 1) }];
}
