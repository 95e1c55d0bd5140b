// The colours of the named themes, and scanlines; comes when one of them is chosen.
import css from "../themes.css";

export { css };
