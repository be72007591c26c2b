using System.Diagnostics;
using System.Globalization;
using Loggregator.Benchmarks;
using Loggregator.Nozzle.Delivery;
using Loggregator.Nozzle.Spool;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Loggregator.Tests.Nozzle.Spool;

/// <summary>A process that appends and delivers is killed at random moments, over and over on the same folder.</summary>
public sealed class SpoolKillTests
{
    private const int Kills = 25, NumbersPerLife = 1_000_000, MostInABatch = 500;

    [Fact(Timeout = 300_000)]
    public async Task Killed_TwentyFiveTimes_LosesNothingThatWasAcknowledged()
    {
        var cancel = TestContext.Current.CancellationToken;
        var folder = Directory.CreateTempSubdirectory("spool-kill");
        try
        {
            var random = new Random(1);
            var (acknowledged, delivered) = (new HashSet<int>(), new List<int>());
            for (var life = 0; life < Kills; life++)
            {
                await LiveAsync(folder.FullName, life, random, acknowledged, delivered, cancel);
            }

            Assert.True(acknowledged.Count > Kills * 10, $"only {acknowledged.Count} were ever acknowledged");
            Assert.NotEmpty(delivered);
            Assert.InRange(delivered.Count - delivered.Distinct().Count(), 0, Kills * MostInABatch); // at most what was under way at each kill
            var held = await ReadAllAsync(folder.FullName);
            Assert.Empty(acknowledged.Except(delivered).Except(held));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task LiveAsync(string folder, int life, Random random, HashSet<int> acknowledged, List<int> delivered, CancellationToken cancel)
    {
        var first = (life * NumbersPerLife).ToString(CultureInfo.InvariantCulture);
        string[] arguments = [typeof(SpoolAppender).Assembly.Location, "spool-append", folder, first, .. life % 3 == 0 ? Array.Empty<string>() : ["deliver"]];
        using var process = Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        try
        {
            var errors = process.StandardError.ReadToEndAsync(cancel);
            var appends = random.Next(1, 60);
            var killed = false;
            while (await process.StandardOutput.ReadLineAsync(cancel) is { } line)
            {
                // Each line is one write to the pipe, so none is cut off.
                var (sign, from, to) = line.Split(' ') is [var word, var one, var other] ? (word, one, other) : throw new InvalidDataException(line);
                var start = int.Parse(from, CultureInfo.InvariantCulture);
                var numbers = Enumerable.Range(start, int.Parse(to, CultureInfo.InvariantCulture) - start);
                if (sign == "-")
                {
                    delivered.AddRange(numbers);
                    continue;
                }

                acknowledged.UnionWith(numbers);
                if (--appends <= 0 && !killed)
                {
                    process.Kill();
                    killed = true;
                }
            }

            Assert.True(killed, $"It ended by itself: {await errors}");
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
        }
    }

    private static async Task<HashSet<int>> ReadAllAsync(string folder)
    {
        await using var spool = EnvelopeSpool.Open(new SpoolOptions { Directory = folder }, NullLogger.Instance, TimeProvider.System);
        using var reader = spool.OpenReader(BufferOrder.Fifo);
        var numbers = new HashSet<int>();
        while (reader.TryRead() is { } batch)
        {
            numbers.UnionWith(SpoolFixture.Read(batch).Where(record => !record.IsGap).Select(record => record.Number));
            batch.Complete();
            batch.Dispose();
        }

        return numbers;
    }
}
