import type { Api, ViewProps } from "../api.ts";
import type { Project, ProjectGit, Projects } from "../protocol.ts";
import css from "./projects.css";

/** What was worked where, and how its git checkout stands. */
export default function define({ h, Fragment, ui, t, format }: Api) {
  const { Ago, Badge, Empty, Icon, Money, Section, Stat, Text, TokenCount } = ui;

  return Object.assign(ProjectsView, { css });

  function ProjectsView({ data, open }: ViewProps<Projects>) {
    const unsaved = data.projects.filter(({ git }) => git !== null && (git.changed ?? 0) > 0).length;
    const unpushed = data.projects.filter(({ git }) => (git?.ahead ?? 0) > 0).length;
    const kinds = (["project", "repository", "folder"] as const).map(
      (kind) => [kind, data.projects.filter((project) => project.kind === kind)] as const,
    );
    const read = data.projects.flatMap(({ git }) => (git ? [git.read_at] : [])).sort()[0];
    return (
      <div class="projects">
        <dl class="stats">
          <Stat label={t("all")} value={format.number(data.total)} note={archived(data)} />
          <Stat label={t("changed")} value={format.number(unsaved)} title={t("changed.help")} />
          <Stat label={t("ahead")} value={format.number(unpushed)} title={t("ahead.help")} />
          <Stat
            label={t("elsewhere")}
            value={format.number(data.elsewhere_sessions)}
            title={t("elsewhere.help")}
            note={data.elsewhere_sessions > 0 ? <Money cost={data.elsewhere_cost} isBrief /> : undefined}
          />
        </dl>
        {data.projects.length === 0 && (
          <Empty icon="folder" title={t("empty")}>
            {t("empty.help")}
          </Empty>
        )}
        {kinds.map(
          ([kind, projects]) =>
            projects.length > 0 && (
              <Section key={kind} title={t(`kind.${kind}`)} aside={format.number(projects.length)}>
                <ul class="list">
                  {projects.map((project) => (
                    <Card key={project.id} project={project} open={open} />
                  ))}
                </ul>
              </Section>
            ),
        )}
        {data.total > data.projects.length && (
          <p class="age">{t("more", { count: data.total - data.projects.length })}</p>
        )}
        {read !== undefined && (
          <p class="age">
            {t("read")} <Ago at={read} />
            {data.projects.length > data.git_read && <> · {t("read.some", { count: data.git_read })}</>}
          </p>
        )}
      </div>
    );
  }

  function archived({ archived }: Projects) {
    return archived > 0 ? t("archived", { count: archived }) : undefined;
  }

  function Card({ project, open }: { project: Project; open: ViewProps["open"] }) {
    const { git, directory } = project;
    const isGone = project.exists === false;
    return (
      <li class={`card ${project.is_current ? "current" : ""} ${isGone ? "gone" : ""}`}>
        <div class="head">
          {isColor(project.color) && <i class="dot" aria-hidden="true" style={{ background: project.color }} />}
          <h4>
            <Text text={project.name} title />
          </h4>
          {project.is_current && (
            <Badge kind="accent" title={t("current.help")}>
              {t("current")}
            </Badge>
          )}
          {git !== null && git.kind !== "repository" && <Badge>{t(`git.${git.kind}`)}</Badge>}
          {isGone && <Badge kind="amber">{t("gone")}</Badge>}
          {project.last_active && (
            <span class="when">
              <Ago at={project.last_active} />
            </span>
          )}
        </div>
        {project.path && (
          <div class="path">
            <code>
              <Text text={project.path} title />
            </code>
          </div>
        )}
        {git ? <Git git={git} /> : project.is_git_pending ? <p class="age">{t("git.pending")}</p> : null}
        {!git && project.exists === null && !project.is_git_pending && project.path && directory && (
          <p class="age">{t("git.not-read")}</p>
        )}
        <div class="figures">
          {directory && project.sessions > 0 ? (
            <button type="button" class="link" onClick={() => open("sessions", { project: directory })}>
              {t("sessions", { count: project.sessions })}
            </button>
          ) : (
            <span>{t("sessions", { count: project.sessions })}</span>
          )}
          <span>
            <TokenCount tokens={project.tokens} /> {t("tokens")}
          </span>
          <Money cost={project.cost} />
        </div>
        <More project={project} />
      </li>
    );
  }

  function Git({ git }: { git: ProjectGit }) {
    const isClean = git.changed === 0 && git.untracked === 0;
    return (
      <>
        <div class="git">
          <span class="branch">
            <Icon name="branch" size={13} />
            {git.branch === null ? t("git.detached") : <Text text={git.branch} title />}
          </span>
          {isClean && <span class="clean">{t("git.clean")}</span>}
          {git.conflicts > 0 && <span class="conflicts">{t("git.conflicts", { count: git.conflicts })}</span>}
          {(git.changed ?? 0) > 0 && <span class="changed">{t("git.changed", { count: git.changed ?? 0 })}</span>}
          {(git.untracked ?? 0) > 0 && <span class="dim">{t("git.untracked", { count: git.untracked ?? 0 })}</span>}
          {(git.ahead ?? 0) > 0 && <span>{t("git.ahead", { count: git.ahead ?? 0 })}</span>}
          {(git.behind ?? 0) > 0 && <span>{t("git.behind", { count: git.behind ?? 0 })}</span>}
        </div>
        {git.commit && (
          <div class="commit">
            <Text text={git.subject || git.commit} title />
            <Ago at={git.commit_at} />
          </div>
        )}
        {git.problem && (
          <p class="problem" lang="en">
            <Text text={git.problem} title />
          </p>
        )}
      </>
    );
  }

  function More({ project }: { project: Project }) {
    const { git } = project;
    const facts = [
      project.description && ([t("more.description"), <Text key="d" text={project.description} title />] as const),
      project.folders.length > 0 &&
        ([t("more.folders"), <Lines key="f" lines={project.folders.map(({ path }) => path)} />] as const),
      project.board && ([t("more.board"), <Text key="b" text={project.board} title />] as const),
      git?.upstream && ([t("more.upstream"), <Text key="u" text={git.upstream} title />] as const),
      git?.commit && ([t("more.commit"), <code key="c">{git.commit}</code>] as const),
      git &&
        git.root !== project.path &&
        ([
          t("more.root"),
          <code key="r">
            <Text text={git.root} />
          </code>,
        ] as const),
      git && git.worktrees > 0 && ([t("more.worktrees"), format.number(git.worktrees)] as const),
      git && git.submodules > 0 && ([t("more.submodules"), format.number(git.submodules)] as const),
      git && ([t("more.read"), <Ago key="a" at={git.read_at} />] as const),
    ].filter((fact) => !!fact);
    if (facts.length === 0) return null;
    return (
      <details>
        <summary>{t("more.title")}</summary>
        <dl>{facts.map(([name, value]) => [<dt key={name}>{name}</dt>, <dd key={`${name}=`}>{value}</dd>])}</dl>
      </details>
    );
  }

  function Lines({ lines }: { lines: readonly string[] }) {
    return (
      <>
        {lines.map((line) => (
          <div key={line}>
            <code>
              <Text text={line} />
            </code>
          </div>
        ))}
      </>
    );
  }
}

/** Only a colour in hexadecimal: anything else may be anybody's style. */
function isColor(color: string | null): color is string {
  return color !== null && /^#[0-9a-f]{3}(?:[0-9a-f]{3})?$/i.test(color);
}

export const texts = {
  en: {
    empty: "No projects yet",
    "empty.help": "A directory appears here as soon as a session has worked in it.",
    all: "Projects and folders",
    archived: "{count} put away",
    changed: "With changes",
    "changed.help": "Checkouts with files that differ from the last commit",
    ahead: "Not pushed",
    "ahead.help": "Checkouts with commits that their upstream lacks, as last fetched",
    elsewhere: "Sessions elsewhere",
    "elsewhere.help": "Without a directory, or in your own or Hermes' home",
    "kind.project": "Projects",
    "kind.repository": "Repositories without a project",
    "kind.folder": "Other folders",
    more: "{count} more is not shown|{count} more are not shown",
    read: "Git read",
    "read.some": "of the {count} used last",
    current: "current",
    "current.help": "The project that Hermes works in",
    gone: "not there",
    "git.worktree": "worktree",
    "git.submodule": "submodule",
    "git.pending": "Git is being asked …",
    "git.not-read": "Git was not asked",
    "git.detached": "no branch",
    "git.clean": "clean",
    "git.conflicts": "{count} conflict|{count} conflicts",
    "git.changed": "{count} changed",
    "git.untracked": "{count} untracked",
    "git.ahead": "{count} ahead",
    "git.behind": "{count} behind",
    sessions: "{count} session|{count} sessions",
    tokens: "tokens",
    "more.title": "Details",
    "more.description": "About",
    "more.folders": "Folders",
    "more.board": "Board",
    "more.upstream": "Follows",
    "more.commit": "Commit",
    "more.root": "Checkout",
    "more.worktrees": "Worktrees",
    "more.submodules": "Submodules",
    "more.read": "Read",
  },
  zh: {
    empty: "还没有项目",
    "empty.help": "会话在某个目录中工作后，该目录就会出现在这里。",
    all: "项目与文件夹",
    archived: "已归档 {count} 个",
    changed: "有改动",
    "changed.help": "有文件与最近一次提交不同的工作副本",
    ahead: "未推送",
    "ahead.help": "含有上游尚无的提交（以最近一次获取为准）",
    elsewhere: "其他位置的会话",
    "elsewhere.help": "没有工作目录，或位于用户主目录或 Hermes 主目录",
    "kind.project": "项目",
    "kind.repository": "未归入项目的仓库",
    "kind.folder": "其他文件夹",
    more: "另有 {count} 个未显示",
    read: "Git 读取于",
    "read.some": "仅最近使用的 {count} 个",
    current: "当前",
    "current.help": "Hermes 正在使用的项目",
    gone: "不存在",
    "git.worktree": "工作树",
    "git.submodule": "子模块",
    "git.pending": "正在询问 Git……",
    "git.not-read": "未询问 Git",
    "git.detached": "无分支",
    "git.clean": "无改动",
    "git.conflicts": "{count} 处冲突",
    "git.changed": "{count} 个已修改",
    "git.untracked": "{count} 个未跟踪",
    "git.ahead": "领先 {count} 个提交",
    "git.behind": "落后 {count} 个提交",
    sessions: "{count} 个会话",
    tokens: "个词元",
    "more.title": "详情",
    "more.description": "说明",
    "more.folders": "文件夹",
    "more.board": "看板",
    "more.upstream": "上游",
    "more.commit": "提交",
    "more.root": "工作副本",
    "more.worktrees": "工作树",
    "more.submodules": "子模块",
    "more.read": "读取于",
  },
};
