import { Component, type ComponentChildren, Fragment, h } from "preact";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { View, ViewProps, ViewSnapshot } from "./api.ts";
import { useClient, useSelected } from "./context.ts";
import { Generic } from "./generic.tsx";
import type { Texts } from "./i18n.ts";
import type { ErrorFrame, HomeEntry, PanelEntry, Problem, Query } from "./protocol.ts";
import { keyOf } from "./query.ts";
import type { Snapshot } from "./store.ts";
import { Icon } from "./ui/icon.tsx";
import { Empty, Skeleton } from "./ui/parts.tsx";
import { Text } from "./ui/text.tsx";

/** An answer that takes longer than this waits for a running cell, most likely. */
const SLOW_MS = 1_000;

export function panelTitle(texts: Texts, panel: PanelEntry): string {
  const key = `panel.${panel.name}`;
  return texts.has(key) ? texts.t(key) : panel.title;
}

interface Props {
  panel: PanelEntry;
  home: HomeEntry | null;
  query: Query;
  setQuery: (query: Query) => void;
  isVisible: boolean;
}

/** One panel: its data by any state they can be in, and its view within an error boundary. */
export function PanelView({ panel, home, query, setQuery, isVisible }: Props) {
  const client = useClient();
  const { texts } = client;
  const signal = useLifetime();
  const [reading] = useReadings(panel.name, [query], isVisible);
  const [module] = useSelected(({ modulesLoaded, store }) => [
    panel.module === null ? null : client.view(panel.module),
    modulesLoaded,
    panel.module === null ? null : store.module(panel.module).text,
  ]);
  const last = useRef<Snapshot | null>(null);
  if (reading?.snapshot) last.current = reading.snapshot;
  const snapshot = reading?.snapshot ?? last.current;
  const isPending = !reading?.snapshot;
  const isOutdated = reading !== undefined && !reading.isOfThisServer;
  const refusal = reading?.refusal ?? null;
  const useSnapshots = useCallback(
    (queries: readonly Query[]) => useReadings(panel.name, queries, isVisible).map(viewSnapshot),
    [panel.name, isVisible],
  );
  const status = !snapshot ? (refusal ? "unavailable" : "loading") : isOutdated ? "stale" : snapshot.status;

  let body: ComponentChildren;
  if (!snapshot) body = refusal ? <Refused refusal={refusal} /> : <Skeleton />;
  else if (snapshot.data === null || snapshot.data === undefined) body = <NoData panel={panel} snapshot={snapshot} />;
  else if (panel.module !== null && module === null) body = <Skeleton />;
  else if (module && "failure" in module) body = <Failed message={module.failure} />;
  else {
    const props: ViewProps = {
      data: snapshot.data,
      version: snapshot.version,
      status: snapshot.status,
      error: snapshot.error,
      query,
      setQuery,
      isPending,
      useSnapshots,
      now: Date.now(),
      signal,
      home,
    };
    body = module ? <Styled view={module.view} {...props} /> : <Generic {...props} schema={panel.payload_schema} />;
  }
  return (
    <section
      class="panel"
      role="tabpanel"
      id={`panel-${panel.name}`}
      aria-labelledby={`tab-${panel.name}`}
      aria-busy={isPending}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling area must be reachable by keyboard.
      tabIndex={0}
      data-panel={panel.name}
      data-version={snapshot?.version}
      data-status={status}
    >
      {snapshot?.data != null && snapshot.error && <Banner error={snapshot.error} status={snapshot.status} />}
      {snapshot && refusal && <Banner error={refusalProblem(refusal)} status="unavailable" />}
      {reading?.askedAt && <Slow askedAt={reading.askedAt} />}
      <Boundary version={snapshot?.version ?? 0} title={(message) => texts.t("panel.failed", { message })}>
        {body}
      </Boundary>
    </section>
  );
}

function Styled({ view: View, ...props }: ViewProps & { view: View }) {
  return (
    <>
      {View.css && <style>{View.css}</style>}
      <View {...props} />
    </>
  );
}

/** Readings of several queries of one panel, watched while visible. */
function useReadings(panel: string, queries: readonly Query[], isVisible: boolean) {
  const { store } = useClient();
  const keys = queries.map((query) => keyOf(panel, query));
  const key = keys.join("\n");
  const latest = useRef(queries);
  latest.current = queries;
  useLayoutEffect(() => {
    if (!isVisible) return;
    const undo = latest.current.map((query) => store.watch(panel, query));
    return () => {
      for (const each of undo) each();
    };
  }, [store, panel, key, isVisible]);
  useSelected(({ store }) =>
    queries.flatMap((query) => {
      const { snapshot, isOfThisServer, refusal, askedAt } = store.read(panel, query);
      return [snapshot, isOfThisServer, refusal, askedAt];
    }),
  );
  return queries.map((query) => ({ query, ...store.read(panel, query) }));
}

function viewSnapshot({ query, snapshot, refusal }: ReturnType<typeof useReadings>[number]): ViewSnapshot {
  return {
    query,
    data: snapshot?.data ?? null,
    version: snapshot?.version ?? null,
    status: snapshot?.status ?? (refusal ? "unavailable" : "loading"),
    error: snapshot?.error?.message ?? refusal?.message ?? null,
    isPending: !snapshot && !refusal,
  };
}

function useLifetime(): AbortSignal {
  const controller = useMemo(() => new AbortController(), []);
  useEffect(() => () => controller.abort(), [controller]);
  return controller.signal;
}

/** Nothing to draw: a home that isn't there, nothing written yet, or a reason. */
function NoData({ panel, snapshot }: { panel: PanelEntry; snapshot: Snapshot }) {
  const { texts } = useClient();
  const { error, status } = snapshot;
  if (error?.kind === "no-home") {
    return (
      <Empty title={texts.t("problem.no-home", { path: error.path ?? "~/.hermes" })}>
        {texts.t("problem.no-home.help")}
      </Empty>
    );
  }
  if (status === "empty" || !error) {
    const key = `panel.${panel.name}.empty`;
    return <Empty title={texts.t(texts.has(key) ? key : "panel.empty")}>{texts.t("panel.empty.help")}</Empty>;
  }
  return (
    <Empty icon="warning" title={problemTitle(texts, error)}>
      <Text text={error.message} />
    </Empty>
  );
}

function Banner({ error, status }: { error: Problem; status: Snapshot["status"] }) {
  const { texts } = useClient();
  return (
    <div class="banner" role="alert">
      <Icon name="warning" />
      <div>
        <b>{problemTitle(texts, error)}</b> <Text text={error.message} />
        {status === "stale" && <p>{texts.t("problem.last-good")}</p>}
      </div>
    </div>
  );
}

function problemTitle(texts: Texts, error: Problem): string {
  return error.path ? texts.t(`problem.${error.kind}.file`, { path: error.path }) : texts.t(`problem.${error.kind}`);
}

function Refused({ refusal }: { refusal: ErrorFrame }) {
  const { texts } = useClient();
  return (
    <Empty icon="warning" title={texts.t("panel.refused")}>
      <Text text={refusal.message} />
    </Empty>
  );
}

function refusalProblem({ message }: ErrorFrame): Problem {
  return { kind: "internal", path: null, message };
}

function Failed({ message }: { message: string }) {
  const { texts } = useClient();
  return (
    <Empty icon="warning" title={texts.t("panel.failed", { message })}>
      {texts.t("panel.failed.help")}
    </Empty>
  );
}

/** Says that an answer is still on its way, once it takes unusually long. */
function Slow({ askedAt }: { askedAt: number }) {
  const { texts } = useClient();
  const [status] = useSelected(({ connection }) => [connection.status]);
  const [isSlow, setSlow] = useState(false);
  useEffect(() => {
    setSlow(false);
    const timer = setTimeout(() => setSlow(true), Math.max(0, askedAt + SLOW_MS - Date.now()));
    return () => clearTimeout(timer);
  }, [askedAt]);
  if (!isSlow) return null;
  return (
    <p class="slow" role="status">
      {texts.t(status.transport === "direct" ? "panel.slow.direct" : "panel.slow.comm")}
    </p>
  );
}

/** Keeps what goes wrong in one view away from everything else; the next version gets another try. */
class Boundary extends Component<
  { version: number; title: (message: string) => string; children?: ComponentChildren },
  { failure: string | null; version: number }
> {
  override state: { failure: string | null; version: number } = { failure: null, version: 0 };

  static override getDerivedStateFromProps(
    props: { version: number },
    state: { failure: string | null; version: number },
  ) {
    return props.version === state.version ? null : { failure: null, version: props.version };
  }

  override componentDidCatch(error: unknown): void {
    console.error("[hermes-hud] a panel failed to draw", error);
    this.setState({ failure: error instanceof Error ? error.message : String(error) });
  }

  override render() {
    const { failure } = this.state;
    return failure === null ? this.props.children : <Failed message={failure} />;
  }
}
