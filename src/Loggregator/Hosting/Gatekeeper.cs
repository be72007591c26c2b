using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Loggregator.Client.Connect;
using Loggregator.Hosting.Tls;
using Microsoft.AspNetCore.Http.Features;

namespace Loggregator.Hosting;

/// <summary>
/// Stands between routing and the endpoints: an endpoint answers on its own listeners only, and a gRPC method only for the roles that may call it.
/// </summary>
internal sealed class Gatekeeper(RequestDelegate next, string role, PeerRolePolicy policy, ILogger logger)
{
    private const int MaxTold = 1024;
    private readonly ConcurrentDictionary<string, bool> _told = new();

    public Task InvokeAsync(HttpContext context)
    {
        var endpoint = context.GetEndpoint();
        if (endpoint is null)
        {
            return next(context);
        }

        var grpc = endpoint.Metadata.GetMetadata<GrpcMethodMetadata>() is not null;
        if (context.Features.Get<ListenerFeature>()?.Listener is { } listener && !Answers(endpoint, grpc, listener.Kind))
        {
            context.SetEndpoint(null);
            return next(context);
        }

        if (!grpc || policy.Check == RoleCheck.Off || context.Features.Get<ITlsConnectionFeature>()?.ClientCertificate is not { } peer)
        {
            return next(context);
        }

        return Allow(context, peer) ? next(context) : Forbid(context);
    }

    private static bool Answers(Endpoint endpoint, bool grpc, ListenerKind kind) =>
        endpoint.Metadata.GetMetadata<OnListener>()?.Includes(kind) ?? kind == (grpc ? ListenerKind.Grpc : ListenerKind.Http);

    private bool Allow(HttpContext context, X509Certificate2 peer)
    {
        var method = context.Request.Path.Value ?? "";
        if (policy.Allows(role, method, peer, out var enforced))
        {
            return true;
        }

        var names = PeerIdentity.Describe(peer);
        if (_told.Count < MaxTold && _told.TryAdd(names + method, true))
        {
            var from = context.Connection.RemoteIpAddress?.ToString() ?? "?";
            if (enforced)
            {
                Log.CallForbidden(logger, names, from, method, PeerRolePolicy.Wanted(role, method));
            }
            else
            {
                Log.CallWouldBeForbidden(logger, names, from, method, PeerRolePolicy.Wanted(role, method));
            }
        }

        return !enforced;
    }

    private static Task Forbid(HttpContext context)
    {
        context.Response.ContentType = "application/grpc";
        context.Response.Headers["grpc-status"] = ((int)StatusCode.PermissionDenied).ToString(System.Globalization.CultureInfo.InvariantCulture);
        context.Response.Headers["grpc-message"] = "this certificate's role may not call this method";
        return Task.CompletedTask;
    }
}
