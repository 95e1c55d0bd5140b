import type { Api } from "../../api.ts";
import type { Skill } from "../../protocol.ts";

/** A skill's origin and state, as small words. */
export function defineMarks({ h, ui, t }: Api) {
  const { Badge, Text } = ui;

  return function Marks({ skill }: { skill: Skill }) {
    const systems = skill.platforms.length > 0 ? skill.platforms : skill.environments;
    return (
      <span class="skill-marks">
        <span class="skill-origin" title={t(`origin.${skill.origin}.help`)}>
          <i class={`origin-${skill.origin}`} aria-hidden="true" />
          {t(`origin.${skill.origin}`)}
        </span>
        {skill.is_modified && <Badge title={t("modified.help")}>{t("modified")}</Badge>}
        {skill.is_archived ? (
          <Badge title={t("archived.help")}>{t("archived")}</Badge>
        ) : (
          skill.state === "stale" && (
            <Badge title={t("stale.help")} kind="amber">
              {t("stale")}
            </Badge>
          )
        )}
        {skill.is_pinned && (
          <Badge title={t("pinned.help")} kind="accent">
            {t("pinned")}
          </Badge>
        )}
        {skill.is_disabled ? (
          <Badge title={t("disabled.help")}>{t("disabled")}</Badge>
        ) : (
          skill.disabled_on.length > 0 && (
            <Badge>
              <Text text={t("disabled-on", { where: skill.disabled_on.join(", ") })} />
            </Badge>
          )
        )}
        {skill.unlisted ? (
          <Badge title={t(`unlisted.${skill.unlisted}.help`)} kind="amber">
            {skill.unlisted === "other-system" ? (
              <Text text={t("only", { where: systems.join(", ") })} />
            ) : (
              t(`unlisted.${skill.unlisted}`)
            )}
          </Badge>
        ) : (
          skill.environments.length > 0 && (
            <Badge>
              <Text text={t("only", { where: skill.environments.join(", ") })} />
            </Badge>
          )
        )}
      </span>
    );
  };
}
