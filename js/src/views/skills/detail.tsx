import type { ComponentType } from "preact";
import type { Api, ViewProps } from "../../api.ts";
import { defineMarkdown } from "../../markdown.tsx";
import type { Skill, Skills, SkillText } from "../../protocol.ts";
import { makeRefused } from "../../refused.tsx";
import { cleanLine } from "../../text.ts";

interface Props {
  folder: string;
  close: () => void;
  openOther: (name: string) => void;
  /** Names that `openOther` knows. */
  names: ReadonlySet<string>;
  useSnapshots: ViewProps<Skills>["useSnapshots"];
}

/** One skill in full; it stays live while it is open. */
export function defineDetail(api: Api, Marks: ComponentType<{ skill: Skill }>) {
  const { h, Fragment, ui, t, format, hooks } = api;
  const { Ago, Badge, Empty, Icon, Prose, Skeleton, Text } = ui;
  const { useRef, useState } = hooks;
  const Markdown = defineMarkdown(api);
  const Refused = makeRefused(api);

  return function Detail({ folder, close, openOther, names, useSnapshots }: Props) {
    const [isSource, showSource] = useState(false);
    const [snapshot] = useSnapshots([{ skill: folder }]);
    const kept = useRef<SkillText | null>(null);
    kept.current = snapshot?.data?.text ?? kept.current;
    const found = kept.current;
    return (
      <section class="skill-text" tabIndex={-1} aria-label={cleanLine(found?.skill.name ?? folder)} data-text={folder}>
        <header>
          <button type="button" class="skill-back" aria-label={t("back")} onClick={close}>
            <Icon name="back" />
          </button>
          <div>
            <h3>
              <Text text={found?.skill.name ?? folder} title />
            </h3>
            {found && <Marks skill={found.skill} />}
          </div>
          {found && (
            <button type="button" class="quiet" onClick={() => showSource(!isSource)}>
              {isSource ? t("rendered") : t("source")}
            </button>
          )}
        </header>
        {snapshot?.data?.missing && <Empty icon="warning" title={t("missing")} />}
        {found ? (
          <>
            {found.description && (
              <p class="skill-about" dir="auto">
                <Text text={found.description} />
              </p>
            )}
            <Facts found={found} />
            {found.skill.problem && (
              <p class="skill-problem" lang="en">
                <Icon name="warning" size={13} />
                <Text text={found.skill.problem} title />
              </p>
            )}
            <Related related={found.related} names={names} openOther={openOther} />
            <div class="skill-body">
              {found.text === "" ? (
                <p class="dim">{t("no-text")}</p>
              ) : isSource ? (
                <Prose text={found.text} isCode lines={2_000} />
              ) : (
                <Markdown text={found.text} />
              )}
              {found.is_cut && <p class="dim">{t("cut")}</p>}
            </div>
            {found.front_matter && (
              <details>
                <summary>{t("front-matter")}</summary>
                <Prose text={found.front_matter} isCode lines={60} />
              </details>
            )}
            <Files found={found} />
          </>
        ) : snapshot?.data?.missing ? null : snapshot?.status === "unavailable" ? (
          <Refused error={snapshot.error} />
        ) : (
          <Skeleton />
        )}
      </section>
    );
  };

  function Facts({ found: { skill, version, author, tags } }: { found: SkillText }) {
    const uses = t("used.help", { uses: skill.use_count, views: skill.view_count, patches: skill.patch_count });
    return (
      <p class="skill-facts">
        <code>
          <Text text={skill.folder} title />
        </code>
        {version && <Text text={t("version", { version })} />}
        {author && <Text text={t("author", { author })} />}
        {skill.installed_from && <Text text={t("installed-from", { where: skill.installed_from })} title />}
        <span class="numeric">{uses}</span>
        {skill.last_active_at && (
          <span>
            {t("active")} <Ago at={skill.last_active_at} />
          </span>
        )}
        {skill.modified_at && (
          <span>
            {t("changed")} <Ago at={skill.modified_at} />
          </span>
        )}
        {tags.map((tag) => (
          <Badge key={tag}>
            <Text text={tag} />
          </Badge>
        ))}
      </p>
    );
  }

  function Related(props: {
    related: readonly string[];
    names: ReadonlySet<string>;
    openOther: (name: string) => void;
  }) {
    if (props.related.length === 0) return null;
    return (
      <p class="skill-related">
        {t("related")}
        {props.related.map((name) =>
          props.names.has(name) ? (
            <button key={name} type="button" class="quiet" onClick={() => props.openOther(name)}>
              <Text text={name} />
            </button>
          ) : (
            <Text key={name} text={name} />
          ),
        )}
      </p>
    );
  }

  function Files({ found: { files, more_files } }: { found: SkillText }) {
    if (files.length === 0) return null;
    return (
      <details>
        <summary>{t("files", { count: files.length + more_files })}</summary>
        <ul class="skill-files">
          {files.map((file) => (
            <li key={file}>
              <code>
                <Text text={file} title />
              </code>
            </li>
          ))}
          {more_files > 0 && <li class="dim">{t("more-files", { count: format.number(more_files) })}</li>}
        </ul>
      </details>
    );
  }
}
