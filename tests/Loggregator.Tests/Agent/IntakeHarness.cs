using Google.Protobuf;
using Loggregator.Agent;
using Loggregator.Agent.Ingress;
using Loggregator.Agent.Tagging;
using Loggregator.Pipeline.Flow;
using Loggregator.Pipeline.Rings;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.V2;

namespace Loggregator.Tests.Agent;

/// <summary>An intake with its ring; what was taken is read back out of the ring as a Doppler would get it.</summary>
internal sealed class IntakeHarness : IDisposable
{
    private static readonly MessageParser<Envelope> Strict = Envelope.Parser.WithDiscardUnknownFields(true);

    public IntakeHarness(long ringBytes = 32 * 1024 * 1024, params (string Key, string Value)[] hostTags)
    {
        Ring = new FairRing(ringBytes, lanes: 1, Losses, seed: 1);
        Counters = new AgentCounters(Ring, Losses);
        Intake = new EnvelopeIntake(Ring, Losses, Counters, new HostTags(hostTags.ToDictionary(tag => tag.Key, tag => tag.Value)));
    }

    public LossTable Losses { get; } = new();

    public FairRing Ring { get; }

    public AgentCounters Counters { get; }

    public EnvelopeIntake Intake { get; }

    public bool Accept(params IEnumerable<Envelope> envelopes) => Intake.AcceptBatch(new EnvelopeBatch { Batch = { envelopes } }.ToByteArray());

    public List<byte[]> TakeBytes()
    {
        using var message = MessageBuffer.Rent(1024);
        Ring.Release(Ring.Take(0, message, int.MaxValue, int.MaxValue).Charge);
        var taken = new List<byte[]>();
        var records = new RecordReader(message.Span);
        while (records.MoveNext())
        {
            taken.Add(records.Current.ToArray());
        }

        return taken;
    }

    /// <summary>What is in the ring, without stamps.</summary>
    public List<Envelope> Take() => [.. TakeBytes().Select(Strict.ParseFrom)];

    public void Dispose() => Ring.Dispose();
}
