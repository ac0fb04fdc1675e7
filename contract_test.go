package reeve_test

import (
	"encoding/json"
	"slices"
	"testing"

	"reeve/internal/playbook/questions"
	"reeve/schema"
)

// TestTheContractKnowsEveryQuestion holds the questions that are asked, their order and their values, against the schema.
func TestTheContractKnowsEveryQuestion(t *testing.T) {
	type question struct {
		ID     struct{ Const string }  `json:"question"`
		Values struct{ Enum []string } `json:"value"`
	}
	var doc struct {
		Defs struct {
			Case struct {
				Properties struct {
					Answers struct {
						Items []struct {
							AllOf []struct{ Properties question }
						} `json:"prefixItems"`
					}
				}
			}
		} `json:"$defs"`
	}
	if err := json.Unmarshal([]byte(schema.Investigation), &doc); err != nil {
		t.Fatal(err)
	}
	items, asked := doc.Defs.Case.Properties.Answers.Items, questions.All()
	if len(items) != len(asked) {
		t.Fatalf("the schema has %d questions, %d are asked", len(items), len(asked))
	}
	for i, q := range asked {
		known := items[i].AllOf[1].Properties
		values, listed := slices.Sorted(slices.Values(q.Values)), slices.Sorted(slices.Values(known.Values.Enum))
		if q.ID != known.ID.Const || !slices.Equal(values, listed) {
			t.Errorf("question %d is %s with the values\n%q\nthe schema has %s with\n%q", i+1, q.ID, values, known.ID.Const, listed)
		}
	}
}
