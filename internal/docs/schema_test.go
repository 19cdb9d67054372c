package docs_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/provider"
)

// schema has the names of the attributes that the provider knows: by the kind of
// block (provider, resource, data, list) and by its type.
type schema map[string]map[string][]string

func readSchema(t *testing.T) schema {
	t.Helper()
	answer, err := provider.New("docs").Server().GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	return schema{
		"provider": names(map[string]*tfprotov6.Schema{"twcloud": answer.Provider}),
		"resource": names(answer.ResourceSchemas),
		"data":     names(answer.DataSourceSchemas),
		"list":     names(answer.ListResourceSchemas),
	}
}

func names(schemas map[string]*tfprotov6.Schema) map[string][]string {
	found := map[string][]string{}
	for kind, one := range schemas {
		found[kind] = []string{}
		for _, attribute := range one.Block.Attributes {
			found[kind] = append(found[kind], attribute.Name)
		}
	}
	return found
}

// meta are arguments that Terraform has for every block.
var meta = []string{"alias", "count", "depends_on", "for_each", "include_resource", "limit", "provider"}

// check says what a text has of this provider that the provider does not have.
func (s schema) check(text string) (problems []string) {
	file, diagnostics := hclsyntax.ParseConfig([]byte(text), "block", hcl.InitialPos)
	if diagnostics.HasErrors() {
		return []string{diagnostics.Error()}
	}
	body, ok := file.Body.(*hclsyntax.Body)
	if !ok {
		return []string{"it is not in the native syntax"}
	}
	for _, block := range body.Blocks {
		if _, ok := s[block.Type]; ok && len(block.Labels) > 0 && strings.HasPrefix(block.Labels[0], "twcloud") {
			problems = append(problems, s.checkBlock(block)...)
		}
	}
	_ = hclsyntax.VisitAll(body, func(node hclsyntax.Node) hcl.Diagnostics {
		if expression, ok := node.(*hclsyntax.ScopeTraversalExpr); ok {
			problems = append(problems, s.checkReference(expression.Traversal)...)
		}
		return nil
	})
	return problems
}

func (s schema) checkBlock(block *hclsyntax.Block) (problems []string) {
	attributes, ok := s[block.Type][block.Labels[0]]
	if !ok {
		return []string{fmt.Sprintf("there is no %s %q", block.Type, block.Labels[0])}
	}
	set := slices.Collect(maps.Keys(block.Body.Attributes))
	for _, inner := range block.Body.Blocks {
		switch {
		case block.Type == "list" && inner.Type == "config":
			set = append(set, slices.Collect(maps.Keys(inner.Body.Attributes))...)
		case inner.Type != "lifecycle":
			set = append(set, inner.Type)
		}
	}
	for _, name := range slices.Sorted(slices.Values(set)) {
		if !slices.Contains(attributes, name) && !slices.Contains(meta, name) {
			problems = append(problems, fmt.Sprintf("%s %q has no attribute %q", block.Type, block.Labels[0], name))
		}
	}
	return problems
}

// checkReference knows TYPE.NAME.ATTRIBUTE and data.TYPE.NAME.ATTRIBUTE, with an
// index before the attribute or not.
func (s schema) checkReference(traversal hcl.Traversal) []string {
	kind, steps := "resource", steps(traversal)
	if len(steps) > 0 && steps[0] == "data" {
		kind, steps = "data", steps[1:]
	}
	if len(steps) < 1 || !strings.HasPrefix(steps[0], "twcloud_") {
		return nil
	}
	attributes, ok := s[kind][steps[0]]
	switch {
	case !ok:
		return []string{fmt.Sprintf("there is no %s %q", kind, steps[0])}
	case len(steps) > 2 && !slices.Contains(attributes, steps[2]):
		return []string{fmt.Sprintf("%s %q has no attribute %q", kind, steps[0], steps[2])}
	}
	return nil
}

// steps are the names in a traversal; an index is none.
func steps(traversal hcl.Traversal) []string {
	var found []string
	for _, step := range traversal {
		switch step := step.(type) {
		case hcl.TraverseRoot:
			found = append(found, step.Name)
		case hcl.TraverseAttr:
			found = append(found, step.Name)
		}
	}
	return found
}
