// Views get `h` handed in instead of importing it, so their JSX is checked against a global name space.
import type { JSX as Preact } from "preact";

declare global {
  namespace JSX {
    type Element = Preact.Element;
    type ElementType = Preact.ElementType;
    interface ElementClass extends Preact.ElementClass {}
    interface ElementAttributesProperty extends Preact.ElementAttributesProperty {}
    interface ElementChildrenAttribute extends Preact.ElementChildrenAttribute {}
    interface IntrinsicElements extends Preact.IntrinsicElements {}
    interface IntrinsicAttributes extends Preact.IntrinsicAttributes {}
    type LibraryManagedAttributes<Component, Props> = Preact.LibraryManagedAttributes<Component, Props>;
  }
}
