using Grpc.Core;
using Grpc.Net.Client;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.V1;

namespace Loggregator.Agent.Forwarding;

/// <summary>
/// The <c>Pusher</c> stream beside a lane's <c>BatchSender</c>: takes what came as v1, which its tag <c>__v1_type</c> tells, out of batches and
/// sends it as v1. One caller at a time.
/// </summary>
internal sealed class PusherStream : IDisposable
{
    private readonly AsyncClientStreamingCall<MessageBuffer, MessageBuffer> _call;

    /// <summary>Opens the stream.</summary>
    public PusherStream(GrpcChannel channel) =>
        _call = channel.CreateCallInvoker().AsyncClientStreamingCall(RawMethods.Pusher, null, default);

    /// <summary>Sends what is v1's of a batch; the rest of it is the caller's. Null when nothing is left.</summary>
    public async Task<MessageBuffer?> WriteAsync(MessageBuffer batch)
    {
        var rest = MessageBuffer.Rent(batch.Length);
        try
        {
            for (var at = 0; Take(batch, ref at, rest) is { } message;)
            {
                using (message)
                {
                    await _call.RequestStream.WriteAsync(message);
                }
            }
        }
        catch
        {
            rest.Dispose();
            throw;
        }

        if (rest.Length > 0)
        {
            return rest;
        }

        rest.Dispose();
        return null;
    }

    /// <summary>Half-closes and waits until the Doppler has seen it. The original answers that with status Unknown and the text EOF.</summary>
    public async Task CompleteAsync()
    {
        await _call.RequestStream.CompleteAsync();
        try
        {
            using var answer = await _call;
        }
        catch (RpcException exception) when (exception.StatusCode is StatusCode.Unknown or StatusCode.Internal)
        {
            // It ends the call without a message, or with its own EOF: what came before has been read.
        }
    }

    public void Dispose() => _call.Dispose();

    /// <summary>The next EnvelopeData of a batch; what goes as v2 on the way there is copied. Null at the end.</summary>
    private static MessageBuffer? Take(MessageBuffer batch, ref int at, MessageBuffer rest)
    {
        var records = new RecordReader(batch.Span[at..]);
        while (records.MoveNext())
        {
            var envelope = records.Current;
            if (RawEnvelope.TryReadHeader(envelope, out var header) && EnvelopeReader.TryGetTag(envelope, "__v1_type"u8, out _))
            {
                var message = MessageBuffer.Rent(envelope.Length + 256);
                if (V2ToV1.Write(message, envelope, header, RawMethods.MaxMessageBytes, out _) == 1)
                {
                    at += records.RecordOffset + records.RecordLength;
                    return message; // a record has the form of an EnvelopeData
                }

                message.Dispose();
            }

            Records.Append(rest, envelope);
        }

        at = batch.Length;
        return null;
    }
}
