import { Component, type ComponentChildren, Fragment, h } from "preact";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { ViewProps, ViewSnapshot } from "./api.ts";
import { PanelContext, useClient, useSelected } from "./context.ts";
import type { Texts } from "./i18n.ts";
import type { Later } from "./later.ts";
import type { HomeEntry, PanelEntry, Progress, Query } from "./protocol.ts";
import { keyOf } from "./query.ts";
import type { Snapshot } from "./store.ts";
import { addStyle } from "./styles.ts";
import { useTitle } from "./tabs.tsx";
import { Empty, Refused, Retry, Said, Skeleton } from "./ui/blank.tsx";

/** Draws the panels that bring no view of their own. */
const GENERIC = "views/generic";

type Problems = Later["status"];

/** What names a panel: its tab, which makes it a tab's panel, or another element (both by id), or a text. */
export type PanelName = { tab: string } | { heading: string } | { text: string };

/** What a panel on show has to say beyond itself. */
export interface Report {
  /** How far the reading of what is shown has come. */
  progress: Progress | null;
  /** What is wrong with it, in one sentence. */
  trouble: string | null;
}

interface Props {
  panel: PanelEntry;
  name: PanelName;
  home: HomeEntry | null;
  query: Query;
  setQuery: (query: Query) => void;
  /** Shows another panel. */
  open: (panel: string, query?: Query) => void;
  /** Is told null when the panel is not on show any more. */
  report: (panel: string, report: Report | null) => void;
  /** What says that something is wrong, if it is there already. */
  words: Later["status"] | null;
  isVisible: boolean;
}

/** One panel: its data by any state they can be in, and its view within an error boundary. */
export function PanelView({ panel, name, home, query, setQuery, open, report, words, isVisible }: Props) {
  const client = useClient();
  const { texts } = client;
  const signal = useLifetime();
  const [reading] = useReadings(panel.name, [query], isVisible);
  const moduleName = panel.module ?? GENERIC;
  const [module, refused] = useSelected(({ modulesLoaded, store }) => [
    client.view(moduleName),
    store.refused(panel.name),
    modulesLoaded,
    store.module(moduleName).text,
    store.module("core/parts").text,
  ]);
  const last = useRef<Snapshot | null>(null);
  if (reading?.snapshot) last.current = reading.snapshot;
  const snapshot = reading?.snapshot ?? last.current;
  const refusal = reading?.refusal ?? null;
  const isPending = !reading?.snapshot && !refusal;
  const isOutdated = reading !== undefined && !reading.isOfThisServer;
  // A server that is gone reads nothing.
  const progress = (!isOutdated && snapshot?.progress) || null;
  const useSnapshots = useCallback(
    (queries: readonly Query[]) => useReadings(panel.name, queries, isVisible).map(viewSnapshot),
    [panel.name, isVisible],
  );
  const status = refusal && !reading?.snapshot ? "unavailable" : isOutdated ? "stale" : (snapshot?.status ?? "loading");

  const hasData = snapshot?.data !== null && snapshot?.data !== undefined;
  const [failure, setFailure] = useState<string | null>(null);
  const title = useTitle()(panel);
  const told = {
    error: snapshot?.error ?? null,
    isRefused: refusal !== null || refused !== null,
    failure: module && "failure" in module ? module.failure : failure,
  };
  const isTroubled = told.error !== null || told.isRefused || told.failure !== null;
  const [loaded] = useSelected((client) => [isTroubled ? client.later("status") : null]);
  const problems = loaded && !("failure" in loaded) ? loaded : words;
  const trouble = problems?.troubleOf(texts, title, told) ?? null;
  useEffect(() => {
    report(panel.name, { progress, trouble });
    return () => report(panel.name, null);
  }, [report, panel.name, progress, trouble]);

  let body: ComponentChildren;
  if (!snapshot) body = refusal ? <Refused message={refusal.message} /> : <Skeleton />;
  else if (module === null && (hasData || !snapshot.error)) body = <Skeleton />;
  else if (!hasData) {
    body = (
      <NoData snapshot={snapshot} texts={module && "texts" in module ? module.texts : texts} problems={problems} />
    );
  } else if (module === null) body = <Skeleton />;
  else if ("failure" in module) body = <Failed message={module.failure} retry={() => client.retry(moduleName)} />;
  else {
    const props: ViewProps = {
      data: snapshot.data,
      version: snapshot.version,
      status: snapshot.status,
      error: snapshot.error,
      progress,
      query,
      setQuery,
      open,
      showProfile: (profile) => client.store.showProfile(profile),
      isPending,
      useSnapshots,
      now: Date.now(),
      signal,
      home,
      schema: panel.payload_schema,
    };
    const { view: View } = module;
    body = (
      <>
        {View.css && <Sheet css={View.css} />}
        <View {...props} />
      </>
    );
  }
  return (
    <>
      {progress && <ProgressBar progress={progress} />}
      <section
        class="panel"
        role={"tab" in name ? "tabpanel" : "region"}
        id={`panel-${panel.name}`}
        aria-labelledby={"tab" in name ? name.tab : "heading" in name ? name.heading : undefined}
        aria-label={"text" in name ? name.text : undefined}
        aria-busy={isPending}
        // A scrolling area must be reachable by keyboard.
        tabIndex={0}
        data-panel={panel.name}
        data-version={snapshot?.version}
        data-status={status}
      >
        {hasData && snapshot?.error && problems && <problems.Banner error={snapshot.error} status={snapshot.status} />}
        {snapshot && refusal && problems && (
          <problems.Banner error={{ kind: "internal", path: null, message: refusal.message }} status="unavailable" />
        )}
        {problems && reading?.askedAt && <problems.Slow askedAt={reading.askedAt} />}
        <PanelContext.Provider value={panel.name}>
          <Boundary snapshot={snapshot} query={keyOf(panel.name, query)} tell={setFailure}>
            {body}
          </Boundary>
        </PanelContext.Provider>
      </section>
    </>
  );
}

/** Lies over the panel's upper edge, so that nothing moves when it comes and goes. */
function ProgressBar({ progress: { done, total } }: { progress: Progress }) {
  const { texts } = useClient();
  return (
    <div
      class="progress"
      role="progressbar"
      aria-label={texts.t("progress", { done, total })}
      aria-valuemin={0}
      aria-valuemax={total}
      aria-valuenow={Math.min(done, total)}
    >
      <i style={{ width: `${shareRead({ done, total }) * 100}%` }} />
    </div>
  );
}

/** Of 0 to 1; of how many rows there are the server may know little at first. */
export function shareRead({ done, total }: Progress): number {
  return total > 0 ? Math.min(1, done / total) : 0;
}

/** A view's style sheet; stands before the view, which may measure as soon as it is drawn. The core's sheets win over it. */
function Sheet({ css }: { css: string }) {
  const mark = useRef<HTMLTemplateElement>(null);
  useLayoutEffect(() => addStyle(mark.current?.getRootNode() as ShadowRoot, css, true), [css]);
  return <template ref={mark} />;
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
      const { snapshot, isOfThisServer, refusal, askedAt, isBehind } = store.read(panel, query);
      return [snapshot, isOfThisServer, refusal, askedAt, isBehind];
    }),
  );
  return queries.map((query) => ({ query, ...store.read(panel, query) }));
}

function viewSnapshot({ query, snapshot, refusal, isBehind }: ReturnType<typeof useReadings>[number]): ViewSnapshot {
  return {
    query,
    data: snapshot?.data ?? null,
    version: snapshot?.version ?? null,
    status: snapshot?.status ?? (refusal ? "unavailable" : "loading"),
    error: snapshot?.error?.message ?? refusal?.message ?? null,
    progress: snapshot?.progress ?? null,
    isPending: !snapshot && !refusal,
    isBehind,
  };
}

function useLifetime(): AbortSignal {
  const controller = useMemo(() => new AbortController(), []);
  useEffect(() => () => controller.abort(), [controller]);
  return controller.signal;
}

/** Nothing to draw: nothing was written yet (in the view's own words), or there is a reason. */
function NoData({ snapshot, texts, problems }: { snapshot: Snapshot; texts: Texts; problems: Problems | null }) {
  const { error, status } = snapshot;
  const isOfHome = error?.kind === "no-home" || error?.kind === "not-in-version";
  if (!error || (status === "empty" && !isOfHome)) {
    const said = (own: string, core: string) => texts.t(texts.has(own) ? own : core);
    return <Empty title={said("empty", "panel.empty")}>{said("empty.help", "panel.empty.help")}</Empty>;
  }
  if (problems) return <problems.Problem error={error} texts={texts} />;
  // The server's own words, until there are better ones.
  return (
    <div class="blank">
      <Said text={error.message} />
    </div>
  );
}

function Failed({ message, retry }: { message: string; retry: () => void }) {
  const { texts } = useClient();
  return (
    <Empty icon="warning" title={texts.t("panel.failed", { message })}>
      {texts.t("panel.failed.help")}
      <Retry retry={retry} />
    </Empty>
  );
}

interface Drawn {
  snapshot: Snapshot | null;
  query: string;
}

interface Within {
  children?: ComponentChildren;
  /** Is told what went wrong, and null once it is over. */
  tell: (failure: string | null) => void;
}

/** Keeps what goes wrong in one view away from everything else; other data or another query get another try. */
class Boundary extends Component<Drawn & Within, Drawn & { failure: string | null }> {
  override state: Drawn & { failure: string | null } = { failure: null, snapshot: null, query: "" };

  static override getDerivedStateFromProps({ snapshot, query }: Drawn, state: Drawn) {
    return snapshot === state.snapshot && query === state.query ? null : { failure: null, snapshot, query };
  }

  #hasCaught = false;

  override componentDidCatch(error: unknown): void {
    console.error("[hermes-hud] a panel failed to draw", error);
    this.#hasCaught = true;
    this.setState({ failure: error instanceof Error ? error.message : String(error) });
  }

  override componentDidUpdate(): void {
    // What fails again with other data is not over in between.
    const isAgain = this.#hasCaught && this.state.failure === null;
    this.#hasCaught = false;
    if (!isAgain) this.props.tell(this.state.failure);
  }

  override render() {
    const { failure } = this.state;
    if (failure === null) return this.props.children;
    return <Failed message={failure} retry={() => this.setState({ failure: null })} />;
  }
}
