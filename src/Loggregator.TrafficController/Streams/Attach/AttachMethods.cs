using Grpc.AspNetCore.Server.Model;
using Loggregator.Protocol.Grpc;

namespace Loggregator.TrafficController.Streams.Attach;

/// <summary>Binds <c>Attach</c> to bytes.</summary>
internal sealed class AttachMethods : IServiceMethodProvider<AttachService>
{
    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<AttachService> context) =>
        context.AddDuplexStreamingMethod(RawMethods.Attach, [], (service, requests, frames, call) => service.AttachAsync(requests, frames, call));
}
