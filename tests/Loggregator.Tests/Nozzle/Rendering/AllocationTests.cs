using Loggregator.Nozzle.Delivery;
using Loggregator.Nozzle.Rendering;
using Loggregator.Tests.Benchmarks;
using Loggregator.Tests.Protocol;
using Xunit;

namespace Loggregator.Tests.Nozzle.Rendering;

[Collection(AllocationCollection.Name)]
public sealed class AllocationTests
{
    public static TheoryData<string> Formats() => ["json", "protobuf", "text", "cef", "ecs", "syslog", "syslog-plain"];

    [Theory]
    [MemberData(nameof(Formats))]
    public void Rendering_OfValidText_AllocatesNothing(string name)
    {
        IRecordFormat format = name switch
        {
            "json" => new JsonFormat(),
            "protobuf" => new ProtobufFormat(asRecords: true),
            "text" => new TextFormat(),
            "cef" => new CefFormat(),
            "ecs" => new EcsFormat(),
            "syslog" => new SyslogFormat(),
            _ => new PlainSyslogFormat(),
        };
        using var batch = new RecordBatch();
        using var messages = new RenderedMessages(format, lines: true);
        foreach (var envelope in Golden.InputsWithPayload().Where((_, index) => index != 1)) // the second is no UTF-8
        {
            batch.Add(envelope, Render.Doppler, 1);
        }

        for (var i = 0; i < 300; i++)
        {
            messages.Render(batch); // the methods get their final code
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1_000; i++)
        {
            messages.Render(batch);
        }

        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1_000, $"{GC.GetAllocatedBytesForCurrentThread() - before} bytes for {1_000 * batch.Count} records");
    }
}
