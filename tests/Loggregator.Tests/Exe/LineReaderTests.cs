using System.Text;
using CsCheck;
using Loggregator.Commands;
using Xunit;

namespace Loggregator.Tests.Exe;

public sealed class LineReaderTests
{
    [Theory]
    [InlineData("", new string[0])]
    [InlineData("one", new[] { "one" })]
    [InlineData("one\n", new[] { "one" })]
    [InlineData("one\r\n\ntwo", new[] { "one", "", "two" })]
    public async Task Read_Text_GivesLinesWithoutEnds(string text, string[] expected) =>
        Assert.Equal(expected, await ReadAsync(new MemoryStream(Encoding.UTF8.GetBytes(text)), null));

    [Fact]
    public async Task Read_AnySplitOfTheStream_GivesTheSameLinesAndBytes()
    {
        var text = Gen.Char["ab\n"].Array[0, 200].Select(chars => new string(chars));
        await Gen.Select(text, Gen.Int[1, 7]).SampleAsync(async (written, chunk) =>
        {
            var echoed = new MemoryStream();
            var lines = await ReadAsync(new ChunkStream(Encoding.UTF8.GetBytes(written), chunk), echoed);
            var expected = written.EndsWith('\n') ? written[..^1].Split('\n') : written.Split('\n');
            Assert.Equal(written.Length == 0 ? [] : expected, lines);
            Assert.Equal(written, Encoding.UTF8.GetString(echoed.ToArray()));
        });
    }

    [Fact]
    public async Task Read_LineWithoutEnd_IsCutRatherThanHeld()
    {
        var lines = await ReadAsync(new MemoryStream(new byte[3 * 1024 * 1024]), null);
        Assert.True(lines.Count >= 2);
        Assert.Equal(3 * 1024 * 1024, lines.Sum(line => line.Length));
    }

    private static async Task<List<string>> ReadAsync(Stream stream, MemoryStream? echo)
    {
        var lines = new List<string>();
        await LineReader.ReadAsync(
            stream,
            echo is null ? null : bytes =>
            {
                foreach (var part in bytes)
                {
                    echo.Write(part.Span);
                }

                return ValueTask.CompletedTask;
            },
            line =>
            {
                lines.Add(Encoding.UTF8.GetString(line.Span));
                return ValueTask.CompletedTask;
            },
            TestContext.Current.CancellationToken);
        return lines;
    }

    private sealed class ChunkStream(byte[] bytes, int chunk) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(chunk, buffer.Length)], cancellationToken);
    }
}
