package provider

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"
)

// What is unknown is neither another value nor false.
func TestChangesFrom_unknown(t *testing.T) {
	t.Parallel()
	state := oauthConsumerModel{consumerModel: consumerModel{Name: types.StringValue("doors"), Approved: types.BoolValue(true)}}
	plan := oauthConsumerModel{consumerModel: consumerModel{Name: types.StringUnknown(), Approved: types.BoolUnknown()}}
	if changes := plan.changesFrom(state); !changes.None() {
		t.Errorf("changes %+v, want none", changes)
	}
	if !plan.mayAgreeWith(state) || !plan.hasUnknown() {
		t.Error("a plan with unknown values may agree with any state")
	}
	if state.hasUnknown() || !state.mayAgreeWith(state) {
		t.Error("a state agrees with itself, and has nothing unknown")
	}
}
