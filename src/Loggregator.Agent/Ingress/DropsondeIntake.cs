using Loggregator.Pipeline.Flow;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.V1;

namespace Loggregator.Agent.Ingress;

/// <summary>
/// (1) Turns dropsonde envelopes into v2 and hands them to the intake of all. What is no envelope, or has a type without its payload, is
/// dropped alone and counted by reason. One thread.
/// </summary>
internal sealed class DropsondeIntake(EnvelopeIntake intake, LossTable losses, AgentCounters counters, AgentOptions options, TimeProvider time) : IDisposable
{
    private const int BatchBytes = 64 * 1024;
    private readonly DropsondeTagging _tagging = new(options.Tags, originIsSource: true);
    private readonly MessageBuffer _envelope = MessageBuffer.Rent(4096);
    private readonly MessageBuffer _batch = MessageBuffer.Rent(2 * BatchBytes);

    /// <summary>Takes datagrams, given as records.</summary>
    public void Accept(ReadOnlySpan<byte> datagrams)
    {
        var count = 0;
        var records = new RecordReader(datagrams);
        for (; records.MoveNext(); count++)
        {
            Convert(records.Current);
            if (_batch.Length >= BatchBytes)
            {
                Flush();
            }
        }

        Flush();
        Interlocked.Add(ref counters.Datagrams, count);
    }

    /// <summary>Counts datagrams that the kernel has dropped. Whose they were nobody knows, so they are told as this agent's.</summary>
    public void CountLost(long datagrams) =>
        losses.Add("metron"u8, default, LossReason.UdpKernel, datagrams, time.GetUnixNanoseconds());

    public void Dispose()
    {
        _envelope.Dispose();
        _batch.Dispose();
    }

    private void Convert(ReadOnlySpan<byte> datagram)
    {
        var fault = DropsondeEnvelope.TryRead(datagram, out var header);
        fault = fault == ConversionFault.None ? DropsondeEnvelope.IsUsable(header) : fault;
        if (fault != ConversionFault.None)
        {
            Interlocked.Increment(ref counters.Received);
            Interlocked.Add(ref counters.ReceivedBytes, datagram.Length);
            Interlocked.Increment(ref counters.Invalid);
            Interlocked.Increment(ref counters.UnreadableV1[(int)fault]);
            return;
        }

        _envelope.Clear();
        V1ToV2.Write(_envelope, datagram, header, _tagging);
        Records.Append(_batch, _envelope.Span);
    }

    private void Flush()
    {
        if (_batch.Length > 0)
        {
            intake.AcceptDropsondes(_batch.Span);
            _batch.Clear();
        }
    }
}
