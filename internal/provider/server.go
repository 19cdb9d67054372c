package provider

import (
	"context"
	"sync/atomic"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// Server returns a server of the plugin protocol, version 6.
func (p *Provider) Server() tfprotov6.ProviderServer {
	s := &server{logs: p.logs, warnings: warningsOnly()}
	inner, ok := providerserver.NewProtocol6(&served{Provider: p, by: s})().(tfprotov6.ProviderServerWithListResource)
	if !ok {
		panic("the framework's server does not list resources")
	}
	s.ProviderServerWithListResource = inner
	return s
}

// served is a provider that gives its server what Configure made.
type served struct {
	*Provider
	by *server
}

// Configure implements provider.Provider.
func (s *served) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	s.Provider.Configure(ctx, req, resp)
	s.by.backend.Store(backendFrom(resp.ResourceData))
}

// server wraps the framework's server to make large plans cheap.
//
// The framework keeps the context of every call until the process stops: it
// appends each cancel function to proto6server.Server.contextCancels and
// removes none. The contexts hold the loggers, so a plan of a thousand
// resources needs about 50 MB instead of 4. Unless logs are enabled, the calls
// for each resource therefore get a context that has nothing but one logger for
// all of them, for warnings, and which is canceled with the original one. Remove
// this when the framework releases contexts.
//
// unchanged.go answers without the framework where there is nothing to do, unless
// logs are enabled: they have every step of the framework.
type server struct {
	tfprotov6.ProviderServerWithListResource
	backend  atomic.Pointer[backend]
	logs     bool
	warnings context.Context //nolint:containedctx // The calls derive their contexts from it.
}

// lean calls a method of the framework's server with a context that holds nothing
// of the caller's.
func lean[Request, Response any](ctx context.Context, s *server, method func(context.Context, Request) (Response, error), request Request) (Response, error) {
	if s.logs {
		return method(ctx, request)
	}
	inner, cancel := context.WithCancel(s.warnings)
	defer cancel()
	defer context.AfterFunc(ctx, cancel)()
	return method(inner, request)
}

// ValidateResourceConfig implements tfprotov6.ResourceServer.
func (s *server) ValidateResourceConfig(ctx context.Context, request *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	if response := s.validateUnremarkable(request); response != nil {
		return response, nil
	}
	return lean(ctx, s, s.ProviderServerWithListResource.ValidateResourceConfig, request)
}

// UpgradeResourceState implements tfprotov6.ResourceServer.
func (s *server) UpgradeResourceState(ctx context.Context, request *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	if response := s.upgradeCurrent(request); response != nil {
		return response, nil
	}
	return lean(ctx, s, s.ProviderServerWithListResource.UpgradeResourceState, request)
}

// UpgradeResourceIdentity implements tfprotov6.ResourceServer.
func (s *server) UpgradeResourceIdentity(ctx context.Context, request *tfprotov6.UpgradeResourceIdentityRequest) (*tfprotov6.UpgradeResourceIdentityResponse, error) {
	return lean(ctx, s, s.ProviderServerWithListResource.UpgradeResourceIdentity, request)
}

// ReadResource implements tfprotov6.ResourceServer.
func (s *server) ReadResource(ctx context.Context, request *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	if response := s.readUnchanged(request); response != nil {
		return response, nil
	}
	return lean(ctx, s, s.ProviderServerWithListResource.ReadResource, request)
}

// PlanResourceChange implements tfprotov6.ResourceServer.
func (s *server) PlanResourceChange(ctx context.Context, request *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	if response := s.planUnchanged(request); response != nil {
		return response, nil
	}
	return lean(ctx, s, s.ProviderServerWithListResource.PlanResourceChange, request)
}

// ApplyResourceChange implements tfprotov6.ResourceServer.
func (s *server) ApplyResourceChange(ctx context.Context, request *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	return lean(ctx, s, s.ProviderServerWithListResource.ApplyResourceChange, request)
}

// ImportResourceState implements tfprotov6.ResourceServer.
func (s *server) ImportResourceState(ctx context.Context, request *tfprotov6.ImportResourceStateRequest) (*tfprotov6.ImportResourceStateResponse, error) {
	return lean(ctx, s, s.ProviderServerWithListResource.ImportResourceState, request)
}

// MoveResourceState implements tfprotov6.ResourceServer.
func (s *server) MoveResourceState(ctx context.Context, request *tfprotov6.MoveResourceStateRequest) (*tfprotov6.MoveResourceStateResponse, error) {
	return lean(ctx, s, s.ProviderServerWithListResource.MoveResourceState, request)
}

// ValidateDataResourceConfig implements tfprotov6.DataSourceServer.
func (s *server) ValidateDataResourceConfig(ctx context.Context, request *tfprotov6.ValidateDataResourceConfigRequest) (*tfprotov6.ValidateDataResourceConfigResponse, error) {
	return lean(ctx, s, s.ProviderServerWithListResource.ValidateDataResourceConfig, request)
}

// ReadDataSource implements tfprotov6.DataSourceServer.
func (s *server) ReadDataSource(ctx context.Context, request *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	return lean(ctx, s, s.ProviderServerWithListResource.ReadDataSource, request)
}
