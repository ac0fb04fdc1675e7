package recordtest

import (
	"fmt"
	"strings"

	"reeve"
)

// Show prints an event for golden files: what is set of it, a line each, attributes in their order. Line breaks within a value are
// followed by a tab.
func Show(e *reeve.Event) string {
	var b strings.Builder
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\n", name, strings.ReplaceAll(value, "\n", "\n\t"))
		}
	}
	line("kind", string(e.Kind))
	line("time", e.Time.String())
	if e.Written != e.Time {
		line("written", e.Written.String())
	}
	line("host", e.Host)
	line("process", key(e.Process))
	line("parent", key(e.Parent))
	line("target", key(e.Target))
	for _, p := range e.Attrs {
		if p.Value == "" {
			fmt.Fprintf(&b, "%v:\n", p.Attr)
		}
		line(p.Attr.String(), p.Value)
	}
	return b.String()
}

func key(k reeve.ProcKey) string {
	switch {
	case k.IsZero():
		return ""
	case k.PID == 0:
		return k.GUID.String()
	}
	return strings.TrimSpace(fmt.Sprintf("%d %v", k.PID, k.GUID))
}
