import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Fn } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { Settings } from './settings';

/** Where the instances are: a VPC of its own without a NAT gateway, or one that is there. */
export class Network extends Construct {
  readonly vpc: ec2.IVpc;
  readonly instances: ec2.SubnetSelection;
  /** Three subnets without a way to the internet; with `eventLog.kind: msk` alone. */
  readonly brokers: ec2.SubnetSelection;

  constructor(scope: Construct, id: string, { network, eventLog, interfaceEndpoints }: Settings) {
    super(scope, id);
    if (network === null) {
      const withBrokers = eventLog.kind === 'msk';
      this.vpc = new ec2.Vpc(this, 'Vpc', {
        // Without an account, `maxAzs: 3` gives two.
        availabilityZones: Array.from({ length: withBrokers ? 3 : 1 }, (_, index) => Fn.select(index, Fn.getAzs())),
        natGateways: 0,
        restrictDefaultSecurityGroup: false,
        subnetConfiguration: [
          { name: 'Instances', subnetType: ec2.SubnetType.PUBLIC, cidrMask: 24 },
          ...(withBrokers ? [{ name: 'Brokers', subnetType: ec2.SubnetType.PRIVATE_ISOLATED, cidrMask: 24 }] : []),
        ],
      });
      this.instances = { subnetGroupName: 'Instances' };
      this.brokers = withBrokers ? { subnetGroupName: 'Brokers' } : this.instances;
    } else {
      const { vpcId, subnetIds, availabilityZones } = network;
      this.vpc = ec2.Vpc.fromVpcAttributes(this, 'Vpc', { vpcId, availabilityZones, privateSubnetIds: subnetIds });
      this.instances = { subnets: this.vpc.privateSubnets };
      this.brokers = this.instances;
    }
    // Reads of the bucket pass by any NAT gateway: 0.045 USD for each GB.
    if (network === null) this.vpc.addGatewayEndpoint('S3', { service: ec2.GatewayVpcEndpointAwsService.S3 });
    if (interfaceEndpoints) {
      for (const [name, service] of Object.entries(endpointServices)) {
        this.vpc.addInterfaceEndpoint(name, { service, subnets: this.instances });
      }
    }
  }
}

const endpointServices = {
  Ssm: ec2.InterfaceVpcEndpointAwsService.SSM,
  SsmMessages: ec2.InterfaceVpcEndpointAwsService.SSM_MESSAGES,
  Monitoring: ec2.InterfaceVpcEndpointAwsService.CLOUDWATCH_MONITORING,
};
