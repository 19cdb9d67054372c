// Package provider implements the Terraform side: schemas, plans, state, and
// diagnostics. It uses package twcloud to call the server.
package provider

import (
	"context"
	"errors"
	"os"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

// Address is the provider's address in the registry.
const Address = "registry.terraform.io/twcloud-community/twcloud"

var (
	_ provider.ProviderWithListResources  = (*Provider)(nil)
	_ provider.ProviderWithValidateConfig = (*Provider)(nil)
)

// Provider is the provider "twcloud". It owns the sessions that its
// configurations open. Call Close after serving.
type Provider struct {
	version string
	source  configSource
	tune    func(*twcloud.Options)
	hashes  hashCost
	logs    bool

	mu      sync.Mutex
	clients map[string]*twcloud.Client // by settings.text
	// draining and closed hold for clients that a later Configure makes, too.
	draining, closed bool
}

// Option changes how a provider is built.
type Option func(*Provider)

// WithClientOptions lets a test change the client's options, such as the waits
// between retries.
func WithClientOptions(tune func(*twcloud.Options)) Option {
	return func(p *Provider) { p.tune = tune }
}

// WithEnvironment replaces the environment variables of the process.
func WithEnvironment(getenv func(string) string) Option {
	return func(p *Provider) { p.source.getenv = getenv }
}

// WithCheapHashes makes hashes of secrets fast and weak, for tests.
func WithCheapHashes() Option { return func(p *Provider) { p.hashes = cheapHashCost } }

// New returns a provider of the given version.
func New(version string, options ...Option) *Provider {
	p := &Provider{
		version: version,
		source:  processSource(),
		tune:    func(*twcloud.Options) {},
		hashes:  usualHashCost,
		logs:    logsWanted(os.Environ()),
		clients: map[string]*twcloud.Client{},
	}
	for _, option := range options {
		option(p)
	}
	return p
}

// Drain stops new registrations before the process ends, also those of
// configurations that come later. Calls in flight continue.
func (p *Provider) Drain() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.draining = true
	for _, client := range p.clients {
		client.Drain()
	}
}

// Stop cancels the calls in flight: a consumer that is registered and not approved yet
// must get into state before the process ends.
func (p *Provider) Stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, client := range p.clients {
		client.Stop()
	}
}

// Close signs out of every session, and prevents new ones. It takes 1.5 seconds at
// most.
func (p *Provider) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	failures := make(chan error, len(p.clients))
	for _, client := range p.clients {
		go func() { failures <- client.Close() }()
	}
	var err error
	for range p.clients {
		err = errors.Join(err, <-failures)
	}
	clear(p.clients)
	return err
}

// Metadata implements provider.Provider.
func (p *Provider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "twcloud"
	resp.Version = p.version
}

// Schema implements provider.Provider.
func (p *Provider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = providerSchema()
}

// ValidateConfig implements provider.ProviderWithValidateConfig. It checks the
// provider block alone.
func (p *Provider) ValidateConfig(ctx context.Context, req provider.ValidateConfigRequest, resp *provider.ValidateConfigResponse) {
	if config := readProviderModel(ctx, req.Config, &resp.Diagnostics); !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(validateConfig(config)...)
	}
}

// Configure implements provider.Provider. It makes no network call. Unknown
// attributes are an error only when the server is needed.
func (p *Provider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	config := readProviderModel(ctx, req.Config, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	resolved, unknown, diagnostics := resolveConfig(config, p.source)
	resp.Diagnostics.Append(diagnostics...)
	if resp.Diagnostics.HasError() {
		return
	}
	_, detectUnknown := config.text("detect_secret_drift")
	backend := &backend{
		unknown: unknown, profile: resolved.profile, server: resolved.server, hashCost: p.hashes,
		detectSecretDrift: resolved.detectSecretDrift || detectUnknown, requireSecretDriftCheck: resolved.requireSecretDriftCheck,
	}
	if len(unknown) == 0 {
		client, err := p.client(resolved, req.TerraformVersion)
		if err != nil {
			resp.Diagnostics.AddError("Invalid provider configuration", err.Error())
			return
		}
		backend.client, backend.profile = client, client.Profile()
	}
	resp.ResourceData = backend
	resp.DataSourceData = backend
	resp.ListResourceData = backend
}

// client returns a client for the settings. Configurations with equal settings
// share a session, but not what was read: under a debugger, one process serves
// many runs.
func (p *Provider) client(resolved settings, terraformVersion string) (*twcloud.Client, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if client, ok := p.clients[resolved.text]; ok {
		return client.View(), nil
	}
	options := resolved.options
	options.UserAgent = "terraform-provider-twcloud/" + p.version
	if terraformVersion != "" {
		options.UserAgent += " Terraform/" + terraformVersion
	}
	options.Logger = newLogger(p.logs)
	p.tune(&options)
	client, err := twcloud.New(options)
	if err != nil {
		return nil, err
	}
	if p.draining {
		client.Drain()
	}
	if p.closed {
		err = client.Close()
		return client, err
	}
	p.clients[resolved.text] = client
	return client, nil
}

// Resources implements provider.Provider.
func (p *Provider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{NewOAuthConsumerResource}
}

// DataSources implements provider.Provider.
func (p *Provider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{
		NewOAuthConsumerDataSource,
		NewOAuthConsumersDataSource,
		NewOAuthEndpointsDataSource,
		NewServerDataSource,
	}
}

// ListResources implements provider.ProviderWithListResources.
func (p *Provider) ListResources(context.Context) []func() list.ListResource {
	return []func() list.ListResource{NewOAuthConsumerListResource}
}
