using System.Globalization;
using Google.Protobuf;
using Grpc.Core;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.V2;
using Xunit;

namespace Loggregator.IntegrationTests.Doppler;

public sealed class DopplerIngressTests : DopplerTest
{
    [Fact]
    public async Task Sender_EnvelopesReachAReader_AndTheHalfCloseIsAnsweredWithOk()
    {
        using var reader = await _doppler.ReadAsync(Some.Logs());
        using var call = _doppler.Ingress.Sender(cancellationToken: DopplerHost.Patience);
        await call.RequestStream.WriteAsync(Some.Log("a", "1"), DopplerHost.Patience);
        await call.RequestStream.WriteAsync(Some.Log("a", "2"), DopplerHost.Patience);
        await call.RequestStream.CompleteAsync();
        await call.ResponseAsync;

        Assert.Equal(["1", "2"], (await reader.UntilAsync(2)).Logs);
        Assert.Equal(2, _doppler.Counters.Received);
    }

    [Fact]
    public async Task BatchSender_EnvelopesReachAReader_AndTheHalfCloseIsAnsweredWithOk()
    {
        using var reader = await _doppler.ReadAsync(Some.Logs());
        using var call = _doppler.Ingress.BatchSender(cancellationToken: DopplerHost.Patience);
        await call.RequestStream.WriteAsync(new EnvelopeBatch { Batch = { Some.Log("a", "1"), Some.Log("a", "2") } }, DopplerHost.Patience);
        await call.RequestStream.CompleteAsync();
        await call.ResponseAsync;

        Assert.Equal(["1", "2"], (await reader.UntilAsync(2)).Logs);
    }

    [Fact]
    public async Task Envelope_PassesUnchangedButForItsNumberBehind()
    {
        var sent = Some.Log("a", "text");
        sent.Timestamp = 5;
        sent.Tags["k"] = "v";
        sent.DeprecatedTags["d"] = new Value { Decimal = 0.5 };
        using var reader = await _doppler.ReadAsync(Some.Logs());
        await _doppler.SendAsync(sent, sent);
        await reader.UntilAsync(2);

        foreach (var got in reader.Received)
        {
            Assert.StartsWith(Convert.ToHexString(sent.ToByteArray()), Convert.ToHexString(got.ToByteArray()), StringComparison.Ordinal);
            Assert.Equal(sent, WithoutUnknown(got));
        }

        Assert.NotEqual(reader.Received[0], reader.Received[1]); // two numbers
    }

    [Fact]
    public async Task Envelope_WithInvalidUtf8InABatch_IsDroppedAlone()
    {
        using var reader = await _doppler.ReadAsync(Some.Logs());
        var bad = Some.Log("b?d", "bad").ToByteArray();
        bad[Array.IndexOf(bad, (byte)'?')] = 0xFF;
        await SendRawAsync([.. Record(Some.Log("a", "1").ToByteArray()), .. Record(bad), .. Record(Some.Log("a", "2").ToByteArray())]);

        Assert.Equal(["1", "2"], (await reader.UntilAsync(2)).Logs);
        Assert.Equal(1, _doppler.Counters.Invalid);
        Assert.Equal(3, _doppler.Counters.Received);
    }

    [Fact]
    public async Task Batch_CutShort_IsRefusedWithAClearTextAfterItsGoodPart()
    {
        using var reader = await _doppler.ReadAsync(Some.Logs());
        byte[] message = [.. Record(Some.Log("a", "1").ToByteArray()), 0x0A, 0x7F, 0x01];
        var refused = await Assert.ThrowsAsync<RpcException>(() => SendRawAsync(message));

        Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
        Assert.Contains("malformed", refused.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(["1"], (await reader.UntilAsync(1)).Logs);
    }

    [Fact]
    public async Task Message_OverTenMebibytes_IsRefusedAndTheRestGoesOn()
    {
        using var reader = await _doppler.ReadAsync(Some.Logs());
        var refused = await Assert.ThrowsAsync<RpcException>(() => _doppler.SendAsync(Some.Log("a", new string('x', 11 * 1024 * 1024))));
        await _doppler.SendAsync(Some.Log("a", "after"));

        Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
        Assert.Equal(["after"], (await reader.UntilAsync(1)).Logs);
    }

    [Fact]
    public async Task Producer_CannotPretendALoss()
    {
        var fake = Some.Counter("a", "dropped");
        fake.Tags["hop"] = "agent";
        fake.DeprecatedTags["reason"] = new Value { Text = "x" };
        using var reader = await _doppler.ReadAsync(Some.Counters());
        await _doppler.SendAsync(fake);

        var got = Assert.Single((await reader.UntilAsync(1)).Received);
        Assert.Equal("agent", got.Tags["producer_hop"]);
        Assert.Equal("x", got.DeprecatedTags["producer_reason"].Text);
        Assert.False(got.Tags.ContainsKey("hop"));
    }

    [Fact]
    public async Task Envelope_WithTenThousandTags_Passes()
    {
        var sent = Some.Log("a", "x");
        for (var i = 0; i < 10_000; i++)
        {
            sent.Tags["tag" + i.ToString(CultureInfo.InvariantCulture)] = "value";
        }

        using var reader = await _doppler.ReadAsync(Some.Logs());
        await _doppler.SendAsync(sent);

        Assert.Equal(10_000, Assert.Single((await reader.UntilAsync(1)).Received).Tags.Count);
    }

    private static Envelope WithoutUnknown(Envelope envelope)
    {
        var copy = Envelope.Parser.WithDiscardUnknownFields(true).ParseFrom(envelope.ToByteArray());
        return copy;
    }

    private static byte[] Record(byte[] envelope)
    {
        using var buffer = MessageBuffer.Rent(envelope.Length + 8);
        Loggregator.Protocol.Envelopes.Records.Append(buffer, envelope);
        return buffer.Span.ToArray();
    }

    private async Task SendRawAsync(byte[] message)
    {
        using var buffer = MessageBuffer.Rent(message.Length);
        buffer.Write(message);
        using var answer = await _doppler.Channel().CreateCallInvoker()
            .AsyncUnaryCall(RawMethods.Send, null, new CallOptions(cancellationToken: DopplerHost.Patience), buffer);
    }
}
