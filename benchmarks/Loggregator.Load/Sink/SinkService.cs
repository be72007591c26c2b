using System.Collections.Immutable;
using System.Threading.Channels;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Load.Sink;

/// <summary>
/// The least that a server can do: hands each ingress message to every reader as it came. What it costs is the floor below which no Loggregator
/// on this stack can get; a reader that falls 1,024 messages behind loses the oldest, silently.
/// </summary>
internal sealed class SinkService : IServiceMethodProvider<SinkService>
{
    private const int Backlog = 1024;
    private ImmutableArray<Channel<MessageBuffer>> _readers = [];

    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<SinkService> context)
    {
        context.AddClientStreamingMethod<MessageBuffer, MessageBuffer>(RawMethods.BatchSender, [], static (sink, stream, call) => sink.TakeAsync(stream, call));
        context.AddServerStreamingMethod<MessageBuffer, MessageBuffer>(
            RawMethods.BatchedReceiver, [], static (sink, request, stream, call) => sink.GiveAsync(request, stream, call));
    }

    private async Task<MessageBuffer> TakeAsync(IAsyncStreamReader<MessageBuffer> stream, ServerCallContext call)
    {
        while (await stream.MoveNext(call.CancellationToken))
        {
            using var message = stream.Current;
            foreach (var reader in _readers)
            {
                reader.Writer.TryWrite(message.Retain());
            }
        }

        return MessageBuffer.Rent(0);
    }

    private async Task GiveAsync(MessageBuffer request, IServerStreamWriter<MessageBuffer> stream, ServerCallContext call)
    {
        request.Dispose();
        var mine = Channel.CreateBounded<MessageBuffer>(
            new BoundedChannelOptions(Backlog) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true }, static lost => lost.Dispose());
        ImmutableInterlocked.Update(ref _readers, static (all, one) => all.Add(one), mine);
        try
        {
            await foreach (var message in mine.Reader.ReadAllAsync(call.CancellationToken))
            {
                using (message)
                {
                    await stream.WriteAsync(message, CancellationToken.None);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The reader left.
        }
        finally
        {
            ImmutableInterlocked.Update(ref _readers, static (all, one) => all.Remove(one), mine);
        }
    }
}
