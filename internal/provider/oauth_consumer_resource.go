package provider

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

var (
	_ resource.ResourceWithConfigure      = (*oauthConsumerResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*oauthConsumerResource)(nil)
	_ resource.ResourceWithImportState    = (*oauthConsumerResource)(nil)
	_ resource.ResourceWithIdentity       = (*oauthConsumerResource)(nil)
	_ resource.ResourceWithValidateConfig = (*oauthConsumerResource)(nil)
)

type oauthConsumerResource struct {
	backend *backend
}

// NewOAuthConsumerResource returns the resource twcloud_oauth_consumer.
func NewOAuthConsumerResource() resource.Resource { return &oauthConsumerResource{} }

func (r *oauthConsumerResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_oauth_consumer"
}

func (r *oauthConsumerResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = oauthConsumerSchema()
}

func (r *oauthConsumerResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		"key": identityschema.StringAttribute{
			RequiredForImport: true,
			Description:       "Consumer key.",
		},
	}}
}

func (r *oauthConsumerResource) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	r.backend = backendFrom(req.ProviderData)
}

// ValidateConfig does not say which attribute is wrong: Terraform would print its line of
// the configuration, which can have the secret.
func (r *oauthConsumerResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var config oauthConsumerModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	known := func(secret types.String) bool { return !secret.IsNull() && !secret.IsUnknown() }
	if known(config.Secret) && known(config.SecretWO) {
		resp.Diagnostics.AddError("Invalid Attribute Combination", "secret and secret_wo are both set. Set secret, or secret_wo to keep it out of state.")
	}
}

// Create registers the consumer, saves its key in state, and then approves it
// if configured. A failure after the registration does not orphan the consumer.
func (r *oauthConsumerResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	defer r.backend.diagnosePanic(&resp.Diagnostics, "registering an OAuth consumer")
	var plan, config oauthConsumerModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	client := r.backend.need(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	r.backend.consumers.applying.Store(true)
	secret := config.wantedSecret()
	if secret.ValueString() == "" {
		r.backend.addMissingSecret(plan.consumer(), &resp.Diagnostics)
		return
	}

	name := plan.Name.ValueString()
	var approval twcloud.Changes
	if plan.Approved.ValueBool() {
		approval.Approved = plan.Approved.ValueBoolPointer()
		approval.KnownSecret = secret.ValueStringPointer()
	}
	if err := client.Supports(approval); err != nil {
		r.backend.addClientError(&resp.Diagnostics, "Unable to register OAuth consumer", "Approving "+describe(twcloud.Consumer{Name: name}), err, "Nothing was registered.")
		return
	}
	hash := r.backend.startHash(secret, nil, plan)
	// Save and approve this consumer before other registrations continue.
	_, err := client.RegisterThen(ctx, name, secret.ValueString(), plan.Approved.ValueBool(), func(registration twcloud.Registration, err error) error {
		r.backend.warnOfLostResponse(registration, &resp.Diagnostics)
		if registration.Consumer.Key != "" {
			certain := err == nil || errors.Is(err, twcloud.ErrOtherName)
			r.saveRegistered(ctx, plan, registration.Consumer, hash, certain, resp)
		}
		if err != nil {
			r.backend.addRegistrationError(&resp.Diagnostics, name, registration, err)
			return err
		}
		return r.finishCreate(ctx, client, plan, registration.Consumer, secret, resp)
	})
	if err != nil && !resp.Diagnostics.HasError() {
		r.backend.addRegistrationError(&resp.Diagnostics, name, twcloud.Registration{}, err)
	}
}

// saveRegistered puts the key in state. If the registration failed after it was
// sent, the secret on the server is uncertain. The provider sends it again when
// the resource is untainted.
func (r *oauthConsumerResource) saveRegistered(ctx context.Context, plan oauthConsumerModel, consumer twcloud.Consumer, hash func() *secretHash, certain bool, resp *resource.CreateResponse) {
	r.backend.consumers.manage(consumer.Key)
	state := plan
	state.consumerModel = newConsumerModel(consumer)
	state.SecretRevision = types.Int64Value(1)
	if !certain {
		state.Secret, state.SecretWOVersion, state.SecretRevision = types.StringNull(), types.Int64Null(), types.Int64Value(0)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
	resp.Diagnostics.Append(resp.Identity.SetAttribute(ctx, path.Root("key"), state.Key)...)
	record := secretRecord{Drifted: true}
	if certain {
		record = secretRecord{Hash: hash()}
	}
	writeSecretRecord(ctx, resp.Private, record, &resp.Diagnostics)
}

// finishCreate approves the consumer if configured. It continues after Ctrl-C,
// because Terraform would taint a consumer that is not approved.
func (r *oauthConsumerResource) finishCreate(ctx context.Context, client *twcloud.Client, plan oauthConsumerModel, consumer twcloud.Consumer, secret types.String, resp *resource.CreateResponse) error {
	through, cancel := client.SeeThrough(ctx)
	defer cancel()
	if plan.Approved.ValueBool() != consumer.Approved {
		approved, err := client.Update(through, consumer.Key,
			twcloud.Changes{Approved: plan.Approved.ValueBoolPointer(), KnownSecret: secret.ValueStringPointer()})
		if err != nil {
			r.backend.addClientError(&resp.Diagnostics, "OAuth consumer registered, but its approval failed",
				"Approving "+describe(consumer), err, leftAfterCreate(consumer, approvalAfter(consumer, err), err))
			return err
		}
		consumer = approved
	}
	warnOfRenamed(plan, &consumer, &resp.Diagnostics)
	plan.consumerModel = newConsumerModel(consumer)
	plan.SecretRevision = types.Int64Value(1)
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	if r.backend.unlisted() {
		r.finishUnlisted(through, consumer, secret.ValueString(), &resp.Diagnostics)
		return nil
	}
	if r.refusedByServer(through, consumer, secret.ValueString(), &resp.Diagnostics) {
		record := readSecretRecord(ctx, resp.Private, &resp.Diagnostics)
		record.Refused = true
		writeSecretRecord(ctx, resp.Private, record, &resp.Diagnostics)
	}
	return nil
}

// Read takes name and approval from the server. If the server has another
// secret than the state, it stores this for the plan.
func (r *oauthConsumerResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	defer r.backend.diagnosePanic(&resp.Diagnostics, "reading an OAuth consumer")
	var state oauthConsumerModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	client := r.backend.need(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	client.Hide(state.Secret.ValueString())
	// Set the identity first: Terraform 1.11 requires it even for a resource that
	// is gone.
	resp.Diagnostics.Append(resp.Identity.SetAttribute(ctx, path.Root("key"), state.Key)...)

	r.backend.consumers.read(state.Key.ValueString())
	r.backend.refuseSharedRemoval(state, &resp.Diagnostics)
	if r.backend.unlisted() {
		r.readUnlisted(ctx, state, resp)
		return
	}
	importing := state.isImported()
	consumer, err := client.Get(ctx, state.Key.ValueString())
	switch {
	case errors.Is(err, twcloud.ErrNotFound) && importing:
		resp.Diagnostics.AddError("No such OAuth consumer",
			fmt.Sprintf("The server at %s has no OAuth consumer with key %q.\n\nImport and move take the consumer key that TWCloud Admin shows, not the name.",
				r.backend.server.main(), state.Key.ValueString()))
		return
	case errors.Is(err, twcloud.ErrNotFound):
		if record := readSecretRecord(ctx, req.Private, &resp.Diagnostics); wasSet(state, record) {
			r.backend.warnOfRemoved(state.consumer(), ", if it is still configured", &resp.Diagnostics)
		} else {
			// Whether it can be registered again, the plan knows.
			r.backend.consumers.miss(state.Name.ValueString(), state.Key.ValueString())
		}
		resp.State.RemoveResource(ctx)
		return
	case err != nil:
		r.backend.addClientError(&resp.Diagnostics, "Unable to read OAuth consumer", "Reading "+state.describe(), err, "")
		return
	}
	r.backend.consumers.found.Store(true)
	state.consumerModel = newConsumerModel(consumer)
	if state.SecretRevision.IsNull() {
		state.SecretRevision = types.Int64Value(0)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)

	if state.Secret.ValueString() != "" {
		r.detectDriftOfStored(ctx, state, resp)
	}
}

// Update sends one PATCH with all changes, or nothing.
func (r *oauthConsumerResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	defer r.backend.diagnosePanic(&resp.Diagnostics, "updating an OAuth consumer")
	var config, plan, state oauthConsumerModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	record := readSecretRecord(ctx, req.Private, &resp.Diagnostics)
	client := r.backend.need(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	client.Hide(state.Secret.ValueString())
	r.backend.consumers.applying.Store(true)

	resp.Diagnostics.Append(resp.Identity.SetAttribute(ctx, path.Root("key"), state.Key)...)
	if r.backend.unlisted() {
		r.updateUnlisted(ctx, config, plan, state, record, resp)
		return
	}
	changes := plan.changesFrom(state)
	revision := state.SecretRevision
	known, last := record, state.Secret
	if decideSecret(config, state, record) == sendSecret {
		last = config.wantedSecret()
		changes.Secret = last.ValueStringPointer()
		record.Drifted = false
		// Until the server answers, it is unknown which secret it has. The next
		// apply sends one again, even if it is the old one.
		writeSecretRecord(ctx, resp.Private, secretRecord{Hash: known.Hash, Drifted: true}, &resp.Diagnostics)
		revision = types.Int64Value(state.SecretRevision.ValueInt64() + 1)
	}
	hash := r.backend.startHash(last, known.Hash, plan)
	if !changes.None() {
		if client.NeedsSecret(changes) && lastSecretIs(config.wantedSecret().ValueString(), state, known) {
			changes.KnownSecret = config.wantedSecret().ValueStringPointer()
		}
		described := state.describe()
		consumer, err := client.Update(ctx, state.Key.ValueString(), changes)
		if err != nil {
			if !twcloud.Uncertain(err) {
				writeSecretRecord(ctx, resp.Private, known, &resp.Diagnostics)
			}
			if unapplied, ok := errors.AsType[*twcloud.NotAppliedError](err); ok {
				state.consumerModel = newConsumerModel(unapplied.Consumer)
				resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
			}
			r.backend.addClientError(&resp.Diagnostics, "Unable to update OAuth consumer",
				fmt.Sprintf("Setting %s of %s", describeChanges(changes), described), err, leftAfterUpdate(plan.Name.ValueString(), err))
			return
		}
		checkUnasked(plan, consumer, &resp.Diagnostics)
		if changes.Secret != nil {
			record.Refused = r.refusedByServer(ctx, consumer, *changes.Secret, &resp.Diagnostics)
		}
		plan.consumerModel = newConsumerModel(consumer)
	}
	plan.SecretRevision = revision
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	record.Hash = hash()
	writeSecretRecord(ctx, resp.Private, record, &resp.Diagnostics)
}

// Delete removes the consumer. It is no error if the consumer is gone.
func (r *oauthConsumerResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	defer r.backend.diagnosePanic(&resp.Diagnostics, "removing an OAuth consumer")
	var state oauthConsumerModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	client := r.backend.need(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	client.Hide(state.Secret.ValueString())
	r.backend.consumers.applying.Store(true)
	if r.backend.unlisted() {
		r.removeUnlisted(ctx, state, readSecretRecord(ctx, req.Private, &resp.Diagnostics), &resp.Diagnostics)
		return
	}
	if err := client.Remove(ctx, state.Key.ValueString()); err != nil {
		r.backend.addClientError(&resp.Diagnostics, "Unable to remove OAuth consumer", "Removing "+state.describe(), err,
			"The consumer stays in state. Run Terraform again to remove it.")
	}
}

func (r *oauthConsumerResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	resource.ImportStatePassthroughWithIdentity(ctx, path.Root("key"), path.Root("key"), req, resp)
	var key types.String
	resp.Diagnostics.Append(resp.State.GetAttribute(ctx, path.Root("key"), &key)...)
	// Without a key, the path of one consumer is that of all.
	if !resp.Diagnostics.HasError() && strings.TrimSpace(key.ValueString()) == "" {
		resp.Diagnostics.AddError("Consumer key is empty", "An import takes the consumer key that TWCloud Admin shows. The given key is empty.")
	}
}

// checkUnasked reports a server that changed more than requested. Terraform
// would report this as a bug in the provider.
func checkUnasked(plan oauthConsumerModel, consumer twcloud.Consumer, diags *diag.Diagnostics) {
	if plan.Name.ValueString() == consumer.Name && plan.Approved.ValueBool() == consumer.Approved {
		return
	}
	diags.AddError("Server changed more than it was asked",
		fmt.Sprintf("After the update, %s has approved = %t. The plan has the name %q and approved = %t. The state holds what the server has.\n\n"+
			"Someone else may have changed it since it was last read: apply again. If this happens again, the server differs from what the provider assumes. %s",
			describe(consumer), consumer.Approved, plan.Name.ValueString(), plan.Approved.ValueBool(), whenDiffers))
}
