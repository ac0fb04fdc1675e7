package evtx_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strings"
	"testing"
)

// A name is "evtx.Open", or ".Lookup" of a method or a field. Whose method it is only types would tell, so that one mention speaks for
// every ".Lookup".
type names map[string]bool

// implied methods are called by fmt and errors.
var implied = []string{".Error", ".String", ".Unwrap"}

func TestEveryExportedNameIsUsedByAnExample(t *testing.T) {
	public, used := names{}, names{}
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), entry.Name(), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			switch isTest := strings.HasSuffix(entry.Name(), "_test.go"); {
			case !isTest:
				public.declared(decl)
			case file.Name.Name == "evtx_test":
				used.mentioned(decl)
			}
		}
	}
	var missing []string
	for name := range public {
		if !used[name] && !slices.Contains(implied, name) {
			missing = append(missing, name)
		}
	}
	if slices.Sort(missing); len(missing) > 0 || len(public) < 100 {
		t.Errorf("of %d exported names no example uses %q", len(public), missing)
	}
}

func (n names) add(prefix string, ids ...*ast.Ident) {
	for _, id := range ids {
		if id.IsExported() {
			n[prefix+id.Name] = true
		}
	}
}

// declared adds the exported names that decl declares.
func (n names) declared(decl ast.Decl) {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil {
			n.add("evtx.", d.Name)
		} else if receiver(d).IsExported() {
			n.add(".", d.Name)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.ValueSpec:
				n.add("evtx.", s.Names...)
			case *ast.TypeSpec:
				n.add("evtx.", s.Name)
				if fields, ok := s.Type.(*ast.StructType); ok && s.Name.IsExported() {
					for _, f := range fields.Fields.List {
						n.add(".", f.Names...)
					}
				}
			}
		}
	}
}

func receiver(d *ast.FuncDecl) *ast.Ident {
	typ := d.Recv.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	return typ.(*ast.Ident)
}

// mentioned adds the names that decl mentions when it is an example: in its body, and what it is an example of.
func (n names) mentioned(decl ast.Decl) {
	d, ok := decl.(*ast.FuncDecl)
	if !ok || !strings.HasPrefix(d.Name.Name, "Example") {
		return
	}
	of, _, _ := strings.Cut(strings.TrimPrefix(d.Name.Name, "Example"), "_")
	n["evtx."+of] = true
	ast.Inspect(d.Body, func(node ast.Node) bool {
		switch x := node.(type) {
		case *ast.SelectorExpr:
			if pkg, ok := x.X.(*ast.Ident); ok && pkg.Name == "evtx" {
				n.add("evtx.", x.Sel)
				return false
			}
			n.add(".", x.Sel)
		case *ast.KeyValueExpr:
			if key, ok := x.Key.(*ast.Ident); ok {
				n.add(".", key)
			}
		}
		return true
	})
}
