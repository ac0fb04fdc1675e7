package investigate

import (
	"cmp"
	"slices"
	"strings"

	"reeve"
	"reeve/cmdline"
	"reeve/internal/playbook"
)

// indicatorTypes in the order in which they are listed.
func indicatorTypes() []string {
	return []string{"sha256", "sha1", "md5", "imphash", "ip", "domain", "url", "path"}
}

// isFile tells payloads that lie at a path from those that are a line, a name or a number.
func isFile(p *reeve.Payload) bool {
	switch path := cmdline.ParsePath(p.Image); {
	case p.Kind == "cmd" && p.Image == p.CommandLine, p.Kind == "attach":
		return false
	default:
		return path.Kind == cmdline.Local || path.Kind == cmdline.Volume || path.Kind == cmdline.Remote || path.Kind == cmdline.TSClient
	}
}

// indicators lists what can be looked up elsewhere: hashes, addresses, names and paths of the case, each once.
func indicators(v *playbook.View, s *reeve.Subject) []reeve.Indicator {
	type key struct{ kind, value string }
	at := map[key]int{}
	var out []reeve.Indicator
	add := func(kind, value string, refs ...reeve.Ref) {
		if value == "" {
			return
		}
		i, ok := at[key{kind, value}]
		if !ok {
			i = len(out)
			at[key{kind, value}] = i
			out = append(out, reeve.Indicator{Type: kind, Value: value})
		}
		out[i].Refs = playbook.Distinct(append(out[i].Refs, refs...))
	}
	hashes := func(h reeve.Hashes, refs []reeve.Ref) {
		add("sha256", h.SHA256, refs...)
		add("sha1", h.SHA1, refs...)
		add("md5", h.MD5, refs...)
		add("imphash", h.IMPHASH, refs...)
	}
	hashes(s.Hashes, v.SubjectRefs())
	for _, p := range v.Payloads {
		hashes(p.Hashes, p.Refs)
		switch {
		case strings.Contains(p.Image, "://"):
			add("url", p.Image, p.Refs...)
		case isFile(&p):
			add("path", p.Image, p.Refs...)
		}
	}
	below, _ := v.Descendants()
	tree := map[reeve.ProcID]bool{v.Process.ID: true}
	for _, p := range below {
		tree[p.ID] = true
	}
	for i := range v.Events {
		switch e := &v.Events[i]; {
		case e.Kind != reeve.NetworkConnect && e.Kind != reeve.DNSQuery || !tree[v.By(e)]:
		case e.Kind == reeve.DNSQuery:
			add("domain", e.Get(reeve.AttrQuery), e.Ref)
		case playbook.Outside(e.Get(reeve.AttrDestIP)):
			add("ip", e.Get(reeve.AttrDestIP), e.Ref)
		}
	}
	types := indicatorTypes()
	slices.SortStableFunc(out, func(a, b reeve.Indicator) int {
		return cmp.Or(cmp.Compare(slices.Index(types, a.Type), slices.Index(types, b.Type)), strings.Compare(a.Value, b.Value))
	})
	return out
}
