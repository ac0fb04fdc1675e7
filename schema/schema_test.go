package schema_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"reeve/schema"
)

func document(t *testing.T) map[string]any {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal([]byte(schema.Investigation), &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestTheSchemaIsASchema(t *testing.T) {
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(schema.Investigation))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(schema.ID, doc); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"", "#/$defs/case", "#/$defs/hunt_finding"} {
		if _, err := c.Compile(schema.ID + part); err != nil {
			t.Errorf("%q: %v", part, err)
		}
	}
}

func TestTheSchemaBearsItsVersion(t *testing.T) {
	doc := document(t)
	version := doc["properties"].(map[string]any)["schema"].(map[string]any)["const"]
	if doc["$id"] != schema.ID || doc["title"] != schema.Version || version != schema.Version || doc["$schema"] != "https://json-schema.org/draft/2020-12/schema" {
		t.Errorf("id %v, title %v, version %v, dialect %v", doc["$id"], doc["title"], version, doc["$schema"])
	}
}

// walk visits every object of the schema with the path to it.
func walk(path string, v any, visit func(string, map[string]any)) {
	switch v := v.(type) {
	case map[string]any:
		visit(path, v)
		for k, e := range v {
			walk(path+"/"+k, e, visit)
		}
	case []any:
		for i, e := range v {
			walk(fmt.Sprintf("%s/%d", path, i), e, visit)
		}
	}
}

func TestEveryKeyIsAlwaysPresentAndNoOtherIs(t *testing.T) {
	objects := 0
	walk("", document(t), func(path string, o map[string]any) {
		properties, ok := o["properties"].(map[string]any)
		if !ok || o["type"] != "object" {
			return
		}
		objects++
		if o["additionalProperties"] != false {
			t.Errorf("%s admits other keys", path)
		}
		required, _ := o["required"].([]any)
		for key := range properties {
			if !slices.Contains(required, any(key)) {
				t.Errorf("%s does not require %q", path, key)
			}
		}
		if len(required) != len(properties) {
			t.Errorf("%s requires %d keys and knows %d", path, len(required), len(properties))
		}
		if d, _ := o["description"].(string); d == "" {
			t.Errorf("%s is not described", path)
		}
	})
	if objects < 25 {
		t.Errorf("only %d objects: the walk went astray", objects)
	}
}

func TestNoListMayBeNull(t *testing.T) {
	walk("", document(t), func(path string, o map[string]any) {
		if kinds, ok := o["type"].([]any); ok && slices.Contains(kinds, any("array")) {
			t.Errorf("%s: an empty list is [], never null", path)
		}
		for _, alternative := range anyOf(o) {
			if alternative["type"] == "array" {
				t.Errorf("%s: a list has an alternative", path)
			}
		}
	})
}

func anyOf(o map[string]any) []map[string]any {
	var out []map[string]any
	list, _ := o["anyOf"].([]any)
	for _, e := range list {
		if m, ok := e.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

func TestTheTenQuestionsStandInTheAnalystsOrder(t *testing.T) {
	defs := document(t)["$defs"].(map[string]any)
	answers := defs["case"].(map[string]any)["properties"].(map[string]any)["answers"].(map[string]any)
	var got []string
	for _, e := range answers["prefixItems"].([]any) {
		p := e.(map[string]any)["allOf"].([]any)[1].(map[string]any)["properties"].(map[string]any)
		got = append(got, p["question"].(map[string]any)["const"].(string))
		values := p["value"].(map[string]any)["enum"].([]any)
		if len(values) < 3 {
			t.Errorf("%s has the values %v", got[len(got)-1], values)
		}
	}
	want := []string{"location", "identity", "arrival", "payload", "reputation", "behaviour", "origin", "host", "frequency", "detection"}
	if !slices.Equal(got, want) || answers["minItems"] != float64(10) || answers["items"] != false {
		t.Errorf("questions %v", got)
	}
}
