using Grpc.AspNetCore.Server.Model;
using Loggregator.Protocol.Grpc;

namespace Loggregator.TrafficController.Streams.Grpc;

/// <summary>Binds the Egress calls to bytes.</summary>
internal sealed class EgressMethods : IServiceMethodProvider<EgressService>
{
    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<EgressService> context)
    {
        context.AddServerStreamingMethod(
            RawMethods.Receiver, [], (service, request, responses, call) => service.ReceiveAsync(request, responses, call, batched: false));
        context.AddServerStreamingMethod(
            RawMethods.BatchedReceiver, [], (service, request, responses, call) => service.ReceiveAsync(request, responses, call, batched: true));
    }
}
