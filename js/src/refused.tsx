import type { Api } from "./api.ts";

/** Why the server did not answer a further query of a view: in its own words, which are English. */
export function makeRefused({ h, ui }: Api) {
  return function Refused({ error }: { error: string | null }) {
    return <ui.Refused message={error ?? ""} />;
  };
}
